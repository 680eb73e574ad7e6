import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { withConnection } from '../connection/connection.js';
import { easeConflicts, reportedError } from '../connection/error.js';
import { sessionName } from '../connection/session-name.js';
import { showName } from '../quote.js';

/** A moment of a database that other sessions can see too. */
export interface Snapshot {
  /** For `pg_dump --snapshot`. */
  snapshotId: string;
  /** Position of the write-ahead log when the snapshot was taken (on a standby: replayed so far), as `0/16B3748`. */
  lsn: string;
}

export interface SnapshotOptions {
  /** Names the session: see {@link sessionName}. */
  runTag: string;
  signal?: AbortSignal;
}

/**
 * Takes a snapshot and keeps it open while `use` runs.
 * A snapshot that was lost makes `use`'s failure a ConnectionLost; a `use` that succeeded all the same stands,
 * because a dump that has adopted the snapshot holds it by itself.
 * @throws HoldfastError as {@link withConnection}, and what `use` throws
 */
export async function withSnapshot<T>(
  settings: ConnectionSettings,
  database: string,
  use: (snapshot: Snapshot) => Promise<T>,
  { runTag, signal }: SnapshotOptions,
): Promise<T> {
  const session = { applicationName: sessionName(runTag), ...(signal && { signal }) };
  return await withConnection(
    settings,
    database,
    async (client) => {
      const lost: Error[] = [];
      client.on('error', (error) => lost.push(error));
      const snapshot = await takeSnapshot(client);
      try {
        return await use(snapshot);
      } catch (error) {
        throw lost[0] ? preferLoss(error, lost[0], database) : error;
      }
    },
    session,
  );
}

/** No timeout of the role's or the database's may end a session that waits for a dump. */
const timeouts = ['statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'];

async function takeSnapshot(client: pg.Client): Promise<Snapshot> {
  await client.query("SELECT set_config(name, '0', false) FROM pg_settings WHERE name = ANY ($1)", [
    timeouts,
  ]);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows } = await client.query<Snapshot>(`
    SELECT pg_export_snapshot() AS "snapshotId",
           CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn`);
  const [snapshot] = rows;
  if (!snapshot) throw new Error('pg_export_snapshot gave no row');
  return snapshot;
}

/** Of a session that only reads, a standby's alone: it was in the way of replay. */
const serializationFailure = '40001';

/** Whatever a dump says after its snapshot went (`invalid snapshot identifier`, say), the server went first. */
function preferLoss(error: unknown, loss: Error, database: string): unknown {
  const types = ['ConnectionLost', 'ServerUnreachable', 'Cancelled', 'DumpInterrupted'];
  if (error instanceof HoldfastError && types.includes(error.type)) return error;
  const attempted = `hold the snapshot of database ${showName(database)}`;
  const cause = error instanceof HoldfastError ? `${loss.message}; then ${error.message}` : loss.message;
  const [type, remedy] =
    reportedError(loss).code === serializationFailure
      ? (['DumpInterrupted', easeConflicts] as const)
      : (['ConnectionLost', 'Check that PostgreSQL runs.'] as const);
  return new HoldfastError(type, { attempted, cause, remedy }, { cause: error });
}
