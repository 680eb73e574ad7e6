import type { ConnectionSettings } from '../../../config/config.js';
import { withMaintenanceConnection } from '../../connection/connection.js';

/** Settings of a loading session, by name. */
export type LoadSettings = Record<string, string>;

/**
 * What a loading session is started with, which comes before every setting of the role and the database.
 *
 * - Faster: a commit need not wait for the disk, since a staging database that a crash cuts short is loaded anew;
 *   the swap's own commit flushes all that came before it. More memory and workers for indexes, never less than
 *   the server gives anyway.
 * - The dump's state and nothing else: its event triggers, which other statements of it would set off, stay quiet.
 *   Keys are validated all the same; replica mode is about triggers and rules.
 * - The same everywhere: how values are read, and no timeout or read-only default that would stop a long load.
 * @throws HoldfastError as `withConnection`
 */
export async function readLoadSettings(settings: ConnectionSettings): Promise<LoadSettings> {
  return await withMaintenanceConnection(settings, async (client) => {
    const { rows } = await client.query<Record<string, string>>(`
      SELECT greatest(pg_size_bytes(current_setting('maintenance_work_mem')) / 1024, 262144)::text || 'kB'
               AS maintenance_work_mem,
             greatest(current_setting('max_parallel_maintenance_workers')::int,
                      least(4, current_setting('max_parallel_workers')::int))::text
               AS max_parallel_maintenance_workers,
             (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)::text AS superuser,
             current_setting('server_version_num') AS version`);
    const { superuser, version, ...server } = rows[0] ?? {};
    return {
      ...fixed,
      ...server,
      ...(Number(version) >= 170000 && { transaction_timeout: '0' }),
      ...(superuser === 'true' && ofSuperuser(Number(version))),
    };
  });
}

/** What only a superuser may choose; no other could create an event trigger either. */
function ofSuperuser(version: number): LoadSettings {
  const quiet = version >= 170000 ? { event_triggers: 'off' } : { session_replication_role: 'replica' };
  return { lc_messages: 'C', ...quiet };
}

const fixed = {
  synchronous_commit: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  row_security: 'off',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_min_messages: 'warning',
};

/** PGOPTIONS for the settings: a space in a value needs a backslash (PostgreSQL manual, "Connection Parameters"). */
export function pgOptions(settings: LoadSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
    .join(' ');
}
