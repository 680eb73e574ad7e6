import pg from 'pg';
import { formatMark } from '../../../../src/domain/restore/database-mark.js';
import { restoreName } from '../../../../src/domain/restore/names.js';
import { quoteIdentifier, quoteLiteral } from '../../../../src/postgres/quote.js';
import type { DropTargetOrder } from '../../../../src/postgres/restore/swap/drop-target.js';
import type { SwapOrder } from '../../../../src/postgres/restore/swap/swap.js';
import type { UndoOrder } from '../../../../src/postgres/restore/swap/undo-swap.js';
import type { Cluster } from '../../../support/cluster.js';

export const settings = ({ socketDir, port, user }: Cluster) => ({ host: socketDir, port, user });

const timestamp = '20250607_080910';

/** A target that holds `old` (unless `isNew`) and a staging database that holds `new`, with the order to swap them. */
export async function prepareSwap(
  cluster: Cluster,
  target = 'shop',
  { isNew = false } = {},
): Promise<SwapOrder> {
  const staging = restoreName(target, 'staging', timestamp);
  if (!isNew) await createWith(cluster, target, 'old');
  if (!isNew) await cluster.psql(`COMMENT ON DATABASE ${quoteIdentifier(target)} IS 'the old shop'`);
  await createWith(cluster, staging, 'new');
  const mark = formatMark({ kind: 'staging', target, runId: 'run-1', comment: null });
  await cluster.psql(`COMMENT ON DATABASE ${quoteIdentifier(staging)} IS ${quoteLiteral(mark)}`);
  return {
    target: { name: target, oid: isNew ? null : await oidOf(cluster, target), acceptsConnections: true },
    staging: { name: staging, oid: await oidOf(cluster, staging) },
    previousName: restoreName(target, 'before', timestamp),
    comment: 'the new shop',
    runId: 'run-1',
  };
}

/** A target and its staging database, and the order to drop the target. */
export async function prepareDrop(cluster: Cluster, name: string): Promise<DropTargetOrder> {
  const { target, staging } = await prepareSwap(cluster, name);
  if (target.oid === null) throw new Error('there is no target');
  return { target: { ...target, oid: target.oid }, staging, runId: 'run-1' };
}

/** The order to undo a swap. */
export function undoOrder(
  { target, staging, previousName }: SwapOrder,
  undoneTimestamp = timestamp,
): UndoOrder {
  return {
    name: target.name,
    restoredOid: staging.oid,
    previous: { name: previousName, oid: target.oid ?? 0 },
    undoneName: restoreName(target.name, 'undone', undoneTimestamp),
    runId: 'run-1',
  };
}

export async function createWith(cluster: Cluster, database: string, content: string): Promise<void> {
  await cluster.createDatabase(database);
  await query(cluster, database, `CREATE TABLE which AS SELECT '${content}'::text AS content`);
}

export async function oidOf(cluster: Cluster, database: string): Promise<number> {
  return Number(await cluster.psql(`SELECT oid FROM pg_database WHERE datname = ${quoteLiteral(database)}`));
}

/** What the database of that name holds, read as any client would. */
export async function contentOf(cluster: Cluster, database: string): Promise<string | undefined> {
  return (await query(cluster, database, 'SELECT content FROM which'))[0]?.content;
}

export async function query(
  cluster: Cluster,
  database: string,
  sql: string,
): Promise<Record<string, string>[]> {
  const client = new pg.Client({ ...settings(cluster), database });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Every database but PostgreSQL's own, as `name: takes connections?`, by name. */
export async function databasesOf(cluster: Cluster): Promise<Record<string, boolean>> {
  const rows = await query(
    cluster,
    'template1',
    `SELECT datname, datallowconn FROM pg_database
     WHERE datname NOT IN ('postgres', 'template0', 'template1') ORDER BY datname`,
  );
  return Object.fromEntries(rows.map((row) => [row.datname, row.datallowconn as unknown as boolean]));
}

export async function commentOf(cluster: Cluster, database: string): Promise<string> {
  return await cluster.psql(
    `SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = ${quoteLiteral(database)}`,
  );
}
