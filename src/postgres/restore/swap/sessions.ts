import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { HoldfastError } from '../../../domain/errors.js';
import { reportedError } from '../../connection/error.js';

/** Looks at the sessions this often while waiting for them to end. */
const pauseMs = 2;

/** Sessions that do not end within this time are left to the renaming, which says what it waits for. */
const patienceMs = 1_000;

/** Autovacuum's workers need a superuser to be ended, and the renaming ends them by itself. */
const othersOf = `FROM pg_stat_activity
  WHERE datid = ANY ($1::oid[]) AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'`;

/**
 * Ends every session in the databases and waits, a second at most, until they are gone.
 * @returns how many there were at first
 */
export async function endSessions(client: pg.Client, oids: number[]): Promise<number> {
  const until = performance.now() + patienceMs;
  const signalled = new Set<number>();
  for (;;) {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid, pg_terminate_backend(pid) ${othersOf}`,
      [oids],
    );
    for (const { pid } of rows) signalled.add(pid);
    if (rows.length === 0 || performance.now() > until) return signalled.size;
    await pause();
  }
}

export async function pause(): Promise<void> {
  await delay(pauseMs);
}

/** Whether PostgreSQL refused because somebody was in the database or held a lock on it: worth another try. */
export function isBusy(error: unknown): boolean {
  const { code, words } = reportedError(error);
  // lock_not_available, object_in_use, query_canceled (statement_timeout), deadlock_detected; the last has no code
  // of its own: somebody altered the same database at the same moment.
  return ['55P03', '55006', '57014', '40P01'].includes(code) || words === 'tuple concurrently updated';
}

/** The error that says who is still there. */
export async function busyError(
  client: pg.Client,
  attempted: string,
  oids: number[],
  error: unknown,
): Promise<HoldfastError> {
  const { rows } = await client.query<{ who: string }>(
    `SELECT format('%s (pid %s, %s)', coalesce(usename, backend_type), pid, coalesce(state, backend_type)) AS who
     ${othersOf} LIMIT 5`,
    [oids],
  );
  const there = rows.length > 0 ? `; still there: ${rows.map((row) => row.who).join(', ')}` : '';
  return new HoldfastError(
    'DatabaseInUse',
    {
      attempted,
      cause: `${reportedError(error).words}${there}`,
      remedy: 'Clients are let in again. Stop what keeps the database in use, then try again.',
    },
    { cause: error },
  );
}
