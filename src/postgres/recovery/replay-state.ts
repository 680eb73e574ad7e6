import type { ConnectionSettings } from '../../config/config.js';
import type { LsnText } from '../../domain/wal/base-backup.js';
import { withConnection } from '../connection/connection.js';
import type { Postmaster } from './postmaster.js';

/** How far a recovering server has come. */
export interface ReplayState {
  replayedLsn: LsnText | null;
  /** Commit time of the last transaction that was replayed, ISO 8601. */
  replayedTo: string | null;
  isPaused: boolean;
}

/** How to reach a server that `startServer` started. `role` is any of the cluster's, such as the bootstrap role. */
export function connectionTo({ socketDir, port }: Postmaster, role: string): ConnectionSettings {
  return { host: socketDir, port, user: role, sslmode: 'disable' };
}

/** Asks a server that lets sessions in how far it has come. @throws HoldfastError as {@link withConnection} */
export async function readReplayState(server: Postmaster, role: string): Promise<ReplayState> {
  return await withConnection(connectionTo(server, role), 'template1', async (client) => {
    const { rows } = await client.query<ReplayState>(
      `SELECT pg_last_wal_replay_lsn()::text AS "replayedLsn",
              to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                AS "replayedTo",
              CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() = 'paused' ELSE false END
                AS "isPaused"`,
    );
    return rows[0] ?? { replayedLsn: null, replayedTo: null, isPaused: false };
  });
}
