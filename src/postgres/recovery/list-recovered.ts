import type { RecoveredDatabase } from '../../domain/recovery/contracts.js';
import { withConnection } from '../connection/connection.js';
import { isInvalidDatabase } from '../connection/read-databases.js';
import type { Postmaster } from './postmaster.js';
import { connectionTo } from './replay-state.js';

const databasesQuery = `SELECT datname AS name, coalesce(pg_database_size(oid), 0)::text AS size, ${isInvalidDatabase} AS "isInvalid"
  FROM pg_database WHERE datallowconn AND datname NOT IN ('template1', 'postgres') ORDER BY datname`;

// A table that was never looked at has -1, and before 14 nothing.
const tablesQuery = `SELECT count(*)::int AS tables,
    sum(c.reltuples) FILTER (WHERE c.reltuples >= 0 AND c.relkind = 'r')::float8 AS rows
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/**
 * Every database that users may have made, entered once: a cluster whose catalogues can't be read is not recovered.
 * An invalid one, which nobody can enter, is listed without tables. Of a target just before the end of a DROP DATABASE
 * there is one, too: that removes the files before it commits.
 * @throws HoldfastError as {@link withConnection}
 */
export async function listRecovered(server: Postmaster, role: string): Promise<RecoveredDatabase[]> {
  const connection = connectionTo(server, role);
  const found = await withConnection(connection, 'template1', (client) =>
    client.query<{ name: string; size: string; isInvalid: boolean }>(databasesQuery),
  );
  const databases: RecoveredDatabase[] = [];
  for (const { name, size, isInvalid } of found.rows) {
    if (isInvalid) {
      databases.push({ name, sizeBytes: Number(size), tables: 0, estimatedRows: null });
      continue;
    }
    const { rows } = await withConnection(connection, name, (client) =>
      client.query<{ tables: number; rows: number | null }>(tablesQuery),
    );
    const [{ tables = 0, rows: estimatedRows = null } = {}] = rows;
    databases.push({ name, sizeBytes: Number(size), tables, estimatedRows });
  }
  return databases;
}
