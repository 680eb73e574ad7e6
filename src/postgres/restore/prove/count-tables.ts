import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { withConnection } from '../../connection/connection.js';
import { sessionName } from '../../connection/session-name.js';
import { type Snapshot, withSnapshot } from '../../dump/snapshot.js';
import { quoteIdentifier, quoteLiteral } from '../../quote.js';
import { type ListedTable, listTables } from './list-tables.js';

/** Rows of one table, and whether an extension made it: a dump has only part of such a table, or none. */
export interface CountedTable {
  schema: string;
  table: string;
  rows: number;
  ofExtension: boolean;
}

export interface CountOptions {
  /** Names the sessions: see {@link sessionName}. */
  runTag: string;
  signal?: AbortSignal;
  /** Tables counted at the same time. @defaultValue 4 */
  sessions?: number;
  /** Of each table's count; 0: none. @defaultValue 0 */
  statementTimeoutMs?: number;
  /** Told after each table. */
  onStep?: (counted: { tables: number; ofTables: number }) => void;
}

/**
 * Counts the rows of every table with `count(*)`, all as of one moment, the largest tables first. What a dump holds
 * data of, and nothing else: partitions but not their parents, no views. Row security makes it fail, never count
 * less.
 * @throws HoldfastError as `withConnection`
 */
export async function countTables(
  settings: ConnectionSettings,
  database: string,
  options: CountOptions,
): Promise<CountedTable[]> {
  const count = async (snapshot: Snapshot) => {
    const tables = await withConnection(settings, database, listTables, session(options));
    const queue = [...tables].sort((a, b) => b.pages - a.pages);
    const counted: CountedTable[] = [];
    const take = async (client: pg.Client) => {
      await prepare(client, options.statementTimeoutMs ?? 0);
      for (let done = 0, table = queue.shift(); table; done += 1, table = queue.shift()) {
        if (done % tablesOfTransaction === 0) await beginAt(client, snapshot);
        counted.push(await countRows(client, table));
        options.onStep?.({ tables: counted.length, ofTables: tables.length });
      }
    };
    const sessions = Math.min(options.sessions ?? 4, tables.length);
    const workers = Array.from({ length: sessions }, () =>
      withConnection(settings, database, take, session(options)).catch((error: unknown) => {
        queue.length = 0;
        throw error;
      }),
    );
    const [failed] = (await Promise.allSettled(workers)).filter((worker) => worker.status === 'rejected');
    if (failed) throw failed.reason;
    return counted.sort(byName);
  };
  return await withSnapshot(settings, database, count, options);
}

function session({ runTag, signal }: CountOptions) {
  return { applicationName: sessionName(runTag), ...(signal && { signal }) };
}

async function prepare(client: pg.Client, timeoutMs: number): Promise<void> {
  await client.query(`SET statement_timeout = ${timeoutMs}; SET row_security = off`);
}

/**
 * A transaction keeps a lock on every table and index that it read, and a server with default settings has room for
 * some thousands of all sessions.
 */
const tablesOfTransaction = 20;

/** Begins anew at the moment of the snapshot, which its own session keeps. */
async function beginAt(client: pg.Client, { snapshotId }: Snapshot): Promise<void> {
  await client.query(
    `ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshotId)}`,
  );
}

/** ONLY, because a dump has each table's own rows: those of tables that inherit from it stand with these. */
async function countRows(client: pg.Client, listed: ListedTable): Promise<CountedTable> {
  const { schema, table, ofExtension, namelessOid } = listed;
  const name = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
  const query = `SELECT count(*) FROM ONLY ${name}`;
  const { rows } =
    namelessOid === undefined
      ? await client.query<{ count: string }>(query)
      : await countNameless(client, namelessOid);
  return { schema, table, rows: Number(rows[0]?.count), ofExtension };
}

/** The server itself puts in the name, which no text of ours can be. */
async function countNameless(client: pg.Client, oid: number) {
  await client.query(`DO LANGUAGE plpgsql $do$ DECLARE found bigint; BEGIN
    EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM ONLY %s', '${oid}'::pg_catalog.regclass) INTO found;
    PERFORM pg_catalog.set_config('holdfast.count', found::text, true); END $do$`);
  return await client.query<{ count: string }>("SELECT current_setting('holdfast.count') AS count");
}

function byName(a: CountedTable, b: CountedTable): number {
  const [first, second] = [a, b].map(({ schema, table }) => `${schema}\0${table}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
}
