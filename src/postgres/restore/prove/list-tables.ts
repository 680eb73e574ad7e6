import { isUtf8 } from 'node:buffer';
import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { decodeName } from '../../../stream/rows/client-encoding.js';
import { withConnection } from '../../connection/connection.js';
import type { SessionOptions } from '../../connection/open-session.js';

/** A table that a dump has data of. */
export interface ListedTable {
  schema: string;
  table: string;
  /** Size by the table's statistics, in pages. */
  pages: number;
  /** Rows by the table's statistics; null when it was never analyzed. */
  estimatedRows: number | null;
  ofExtension: boolean;
  /** Given where the table can't be named in a query: its name is text of no encoding. */
  namelessOid?: number;
}

type Row = Omit<ListedTable, 'schema' | 'table'> & { oid: number; schema: Buffer; table: Buffer };

/**
 * Ordinary tables and partitions, not those of PostgreSQL itself or of a session. Names come as bytes: in a database
 * of SQL_ASCII they may be text of no encoding, which the server would refuse to send. They are read as those of a
 * dump are, so that both can be compared.
 */
export async function listTables(client: pg.Client): Promise<ListedTable[]> {
  const { rows } = await client.query<Row>(`
    SELECT c.oid, ${bytes('n.nspname')} AS schema, ${bytes('c.relname')} AS table, c.relpages AS pages,
           CASE WHEN c.reltuples >= 0 AND (c.relpages > 0 OR c.reltuples > 0) THEN c.reltuples::float8 END
             AS "estimatedRows",
           EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                     AND d.objsubid = 0 AND d.deptype = 'e') AS "ofExtension"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`);
  return rows.map(({ oid, ...row }) => ({
    ...row,
    ...{ schema: nameOf(row.schema), table: nameOf(row.table) },
    ...(!(isUtf8(row.schema) && isUtf8(row.table)) && { namelessOid: oid }),
  }));
}

function bytes(name: string): string {
  const encoding = "CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END";
  return `convert_to(${name}, ${encoding})`;
}

function nameOf(name: Buffer): string {
  return decodeName(name.toString('latin1'), 'UTF8');
}

/**
 * The tables of a database with the rows that its statistics tell: what a live target costs nothing to be asked.
 * @throws HoldfastError as `withConnection`
 */
export async function estimateTables(
  settings: ConnectionSettings,
  database: string,
  options: SessionOptions = {},
): Promise<ListedTable[]> {
  return await withConnection(settings, database, listTables, options);
}
