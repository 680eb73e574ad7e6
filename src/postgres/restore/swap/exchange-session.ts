import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { sessionName } from '../../connection/session-name.js';
import { showName } from '../../quote.js';
import { type ExchangeOrder, namesOf } from './exchange-order.js';
import { withNeighbour } from './neighbour.js';

export interface ExchangeSessionOptions {
  /** Ends the session of an earlier attempt of the same run, which may still be at it. */
  takeOver: boolean;
}

/**
 * A session beside the databases of an exchange that alone may change them: whoever holds the advisory lock. Never
 * cancelled from outside, since a connection cut in the middle would leave clients refused until the next attempt.
 * @throws HoldfastError AlreadyRunning when another run has the lock
 */
export async function withExchangeSession<T>(
  settings: ConnectionSettings,
  order: ExchangeOrder,
  { takeOver }: ExchangeSessionOptions,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const applicationName = sessionName(`swap-${order.runId}`);
  return await withNeighbour(
    settings,
    namesOf(order),
    async (client) => {
      // Flushed here, but no standby that is away keeps clients refused while the commit waits for it.
      await client.query("SET synchronous_commit = 'local'");
      if (takeOver) await endEarlierAttempts(client, applicationName);
      await lock(client, order.name);
      return await use(client);
    },
    { applicationName },
  );
}

async function endEarlierAttempts(client: pg.Client, applicationName: string): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
     WHERE application_name = $1 AND datname = current_database() AND usename = session_user
       AND pid <> pg_backend_pid()`,
    [applicationName],
  );
}

async function lock(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(
    "SELECT pg_try_advisory_lock(hashtextextended('holdfast swap ' || $1, 0)) AS locked",
    [name],
  );
  if (rows[0]?.locked) return;
  throw new HoldfastError('AlreadyRunning', {
    attempted: `swap database ${showName(name)}`,
    cause: 'another restore or undo of it is swapping right now',
    remedy: 'Wait for it to end.',
  });
}
