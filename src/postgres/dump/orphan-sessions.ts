import type { ConnectionSettings } from '../../config/config.js';
import { withConnection, withMaintenanceConnection } from '../connection/connection.js';
import { sessionName } from '../connection/session-name.js';

/**
 * Ends the sessions that an earlier attempt of the same run left open in `database` (a `pg_dump` that outlived its
 * worker), and waits for each up to five seconds. No other session: they are told by {@link sessionName}, and only
 * the role's own count.
 * @returns how many were ended
 * @throws HoldfastError as {@link withConnection}
 */
export async function endOrphanSessions(
  settings: ConnectionSettings,
  database: string,
  runTag: string,
): Promise<number> {
  return await withConnection(settings, database, async (client) => {
    const { rows } = await client.query<{ ended: boolean }>(
      `SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database() AND usename = session_user
         AND pid <> pg_backend_pid()`,
      [sessionName(runTag)],
    );
    return rows.filter((row) => row.ended).length;
  });
}

/**
 * {@link endOrphanSessions} for the sessions of a base backup, which are in no database. Left alone, the receiver of the
 * WAL outlives a worker that is killed, and its slot keeps WAL on the server for as long.
 */
export async function endOrphanWalSenders(settings: ConnectionSettings, runTag: string): Promise<number> {
  return await withMaintenanceConnection(settings, async (client) => {
    const { rows } = await client.query<{ ended: boolean }>(
      `SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity
       WHERE application_name = $1 AND usename = session_user AND backend_type = 'walsender'`,
      [sessionName(runTag)],
    );
    return rows.filter((row) => row.ended).length;
  });
}
