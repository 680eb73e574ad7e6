import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { cancelled } from '../../connection/error.js';
import { quoteIdentifier } from '../../quote.js';
import { exchangeBlockers } from './exchange-blockers.js';
import { type ExchangeOrder, oidsOf } from './exchange-order.js';
import {
  type ExchangeOutcome,
  outcomeOf,
  type Place,
  placeOf,
  readPlaces,
  showPlaces,
} from './exchange-places.js';
import { attemptOf, refuseConnections, refused, renameDatabases } from './exchange-rename.js';
import { withExchangeSession } from './exchange-session.js';
import { failpoint } from './failpoint.js';
import { busyError, endSessions, isBusy, pause } from './sessions.js';

export interface ExchangeResult {
  /** How long clients were refused; null when an earlier attempt had finished the exchange already. */
  refusedMs: number | null;
  /** Sessions that were ended for it. */
  endedSessions: number;
  /** How often the renaming was tried. */
  attempts: number;
}

export interface ExchangeOptions {
  /** How long clients may be refused before it is given up and the old state restored. @defaultValue 15_000 */
  patienceMs?: number;
  /** Looked at until connections are refused; from there on the exchange is finished or undone, never left. */
  signal?: AbortSignal;
}

/**
 * Carries the order out, or finds it carried out by an earlier attempt: new connections are refused, sessions
 * ended, then both databases renamed in one transaction. When that fails, connections are let in again.
 * @throws HoldfastError SwapRefused, DatabaseInUse, AlreadyRunning, Cancelled, and as `withConnection`
 */
export async function exchange(
  settings: ConnectionSettings,
  order: ExchangeOrder,
  options: ExchangeOptions = {},
): Promise<ExchangeResult> {
  try {
    const session = { takeOver: true };
    return await withExchangeSession(settings, order, session, (client) => run(client, order, options));
  } catch (error) {
    // The session is gone and with it the transaction. What can be made good is made good now, else next time.
    if (error instanceof HoldfastError && error.type === 'ConnectionLost')
      await withExchangeSession(settings, order, { takeOver: false }, (client) =>
        settle(client, order),
      ).catch(() => {});
    throw error;
  }
}

/**
 * Brings an exchange that was cut short to one of its two whole states and says to which: `done`, or `undone` with
 * connections let in as before. Safe to repeat.
 * @throws HoldfastError SwapRefused when the databases are neither as before nor as after it; AlreadyRunning
 */
export async function finishOrUndoExchange(
  settings: ConnectionSettings,
  order: ExchangeOrder,
): Promise<ExchangeOutcome> {
  return await withExchangeSession(settings, order, { takeOver: true }, (client) => settle(client, order));
}

/** Both renames are one transaction, so that all there can be to mend is that clients are still refused. */
async function settle(client: pg.Client, order: ExchangeOrder): Promise<ExchangeOutcome> {
  const places = await readPlaces(client, order);
  const outcome = outcomeOf(places, order);
  if (outcome === undefined) throw refused(order, showPlaces(places, order));
  const { present, name } = order;
  const isClosed = placeOf(places, present?.oid)?.allowsConnections === false;
  if (outcome === 'undone' && present?.acceptsConnections && isClosed)
    await client.query(`ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS true`);
  return outcome;
}

async function run(
  client: pg.Client,
  order: ExchangeOrder,
  options: ExchangeOptions,
): Promise<ExchangeResult> {
  failpoint('swap:start');
  if ((await settle(client, order)) === 'done') return { refusedMs: null, endedSessions: 0, attempts: 0 };
  const blockers = await exchangeBlockers(client, order);
  if (blockers.length > 0) throw refused(order, blockers.join('; '));
  if (options.signal?.aborted) throw cancelled(attemptOf(order));
  failpoint('swap:before-refuse');
  try {
    const places = await refuseConnections(client, order);
    return await exchangeWhileRefused(client, order, places, options);
  } catch (error) {
    await client
      .query('ROLLBACK')
      .then(() => settle(client, order))
      .catch(() => {});
    throw isBusy(error) ? await busyError(client, attemptOf(order), oidsOf(order), error) : error;
  }
}

/** From here on clients are refused, and every millisecond counts. */
async function exchangeWhileRefused(
  client: pg.Client,
  order: ExchangeOrder,
  places: Place[],
  { patienceMs = 15_000 }: ExchangeOptions,
): Promise<ExchangeResult> {
  const since = performance.now();
  const oids = oidsOf(order);
  failpoint('swap:after-refuse');
  let endedSessions = 0;
  for (let attempts = 1; ; attempts++) {
    endedSessions += await endSessions(client, oids);
    failpoint('swap:after-terminate');
    try {
      await renameDatabases(client, order, places);
      return { refusedMs: performance.now() - since, endedSessions, attempts };
    } catch (error) {
      await client.query('ROLLBACK');
      if (!isBusy(error)) throw error;
      if (performance.now() - since > patienceMs)
        throw await busyError(client, attemptOf(order), oids, error);
      await pause();
    }
  }
}
