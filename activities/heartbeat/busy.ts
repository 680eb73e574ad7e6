import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionSettings } from '../../src/config/config.js';
import { withMaintenanceConnection } from '../../src/postgres/connection/connection.js';
import { sessionName } from '../../src/postgres/connection/session-name.js';
import type { ProgressBeat } from './progress.js';

const lookEveryMs = 2_000;
/** Less than the time between two looks, or the beat of one could keep the next from looking. */
const quietForMs = 1_500;

/**
 * While `work` runs and tells nothing itself, beats whenever a session of this run works: neither idle, nor waiting for
 * its client or for a lock. An index that takes an hour to build is progress although no byte moves, and so is a table
 * of dead rows that is read. It is asked only where nothing else told of progress.
 */
export async function beatWhileServerWorks<T>(
  connection: ConnectionSettings,
  runTag: string,
  beat: Pick<ProgressBeat, 'serverWorks' | 'quietMs'>,
  work: () => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const watching = watch(connection, runTag, beat, stop.signal);
  try {
    return await work();
  } finally {
    stop.abort();
    await watching;
  }
}

async function watch(
  connection: ConnectionSettings,
  runTag: string,
  beat: Pick<ProgressBeat, 'serverWorks' | 'quietMs'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || beat.quietMs() < quietForMs) continue;
    // A look that fails is no progress, and no failure either: the work itself says what is wrong.
    if (await isWorking(connection, runTag, signal).catch(() => false)) beat.serverWorks();
  }
}

async function isWorking(
  connection: ConnectionSettings,
  runTag: string,
  signal: AbortSignal,
): Promise<boolean> {
  const query = async (client: Parameters<Parameters<typeof withMaintenanceConnection>[1]>[0]) => {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity
       WHERE application_name = $1 AND pid <> pg_backend_pid() AND state = 'active'
         AND wait_event_type IS DISTINCT FROM 'Lock' AND wait_event_type IS DISTINCT FROM 'Client' LIMIT 1`,
      [sessionName(runTag)],
    );
    return (rowCount ?? 0) > 0;
  };
  return withMaintenanceConnection(connection, query, { signal });
}
