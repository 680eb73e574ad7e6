import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { quoteIdentifier, showName } from '../../quote.js';
import { dropBlockers } from './exchange-blockers.js';
import type { ExchangeOrder } from './exchange-order.js';
import { placeOf, readPlaces } from './exchange-places.js';
import { withExchangeSession } from './exchange-session.js';
import { failpoint } from './failpoint.js';
import { busyError, endSessions, isBusy, pause } from './sessions.js';
import { swapBlocked } from './swap.js';

/** Makes room for a proven backup by dropping its target. Plain data: it may be kept and given again. */
export interface DropTargetOrder {
  /** The target as it was approved. */
  target: { name: string; oid: number; acceptsConnections: boolean; isTemplate?: boolean };
  /** The staging database, which proves that another one can be made. */
  staging: { name: string; oid: number };
  /** Run of the workflow that restores. */
  runId: string;
}

export interface DropTargetOptions {
  /** How long clients may be refused before it is given up and they are let in again. @defaultValue 60_000 */
  patienceMs?: number;
}

/**
 * Ends the sessions in the target and drops it, or finds it dropped by an earlier attempt. When that fails, clients
 * are let in again, and a template is one again. It can't be undone.
 * @returns sessions that were ended
 * @throws HoldfastError SwapRefused when it is not the database that was approved, or something stands against it;
 * DatabaseInUse, AlreadyRunning, and as `withConnection`
 */
export async function dropTarget(
  settings: ConnectionSettings,
  order: DropTargetOrder,
  { patienceMs = 60_000 }: DropTargetOptions = {},
): Promise<number> {
  return await withExchangeSession(settings, exchangeOf(order), { takeOver: true }, async (client) => {
    failpoint('drop:start');
    const state = await settle(client, order);
    if (state === 'dropped') return 0;
    if (state === 'half dropped') return await drop(client, order, patienceMs);
    const { oid, name } = order.target;
    const blockers = await dropBlockers(client, oid);
    if (blockers.length > 0) throw swapBlocked(name, blockers);
    try {
      await refuseConnections(client, order);
      return await drop(client, order, patienceMs);
    } catch (error) {
      await client
        .query('ROLLBACK')
        .then(() => settle(client, order))
        .catch(() => {});
      throw isBusy(error) ? await busyError(client, attemptOf(order), [oid], error) : error;
    }
  });
}

/**
 * After a drop that failed: whether it was done all the same; one that was done by half is finished. If not, clients
 * are let in to the target again, and a template is one again.
 * @throws HoldfastError SwapRefused when the name belongs to another database; AlreadyRunning
 */
export async function settleDrop(
  settings: ConnectionSettings,
  order: DropTargetOrder,
): Promise<'dropped' | 'kept'> {
  return await withExchangeSession(settings, exchangeOf(order), { takeOver: true }, async (client) => {
    const state = await settle(client, order);
    if (state !== 'half dropped') return state;
    await drop(client, order, 0);
    return 'dropped';
  });
}

/** `half dropped`: a server that is told to end a session in the middle of DROP DATABASE leaves an invalid database. */
async function settle(
  client: pg.Client,
  order: DropTargetOrder,
): Promise<'dropped' | 'half dropped' | 'kept'> {
  const { name, oid, acceptsConnections, isTemplate } = order.target;
  const places = await readPlaces(client, exchangeOf(order));
  const found = placeOf(places, oid);
  if (!found && places.every((place) => place.name !== name)) return 'dropped';
  if (found?.name !== name)
    throw refused(order, found ? `it is now named ${showName(found.name)}` : 'another database has its name');
  if (found.isInvalid) return 'half dropped';
  const back = [
    ...(acceptsConnections && !found.allowsConnections ? ['ALLOW_CONNECTIONS true'] : []),
    ...(isTemplate && !found.isTemplate ? ['IS_TEMPLATE true'] : []),
  ];
  if (back.length > 0) await client.query(`ALTER DATABASE ${quoteIdentifier(name)} ${back.join(' ')}`);
  return 'kept';
}

/** Altered by name and checked by oid before the commit, as a swap does. */
async function refuseConnections(client: pg.Client, order: DropTargetOrder): Promise<void> {
  const { name, oid } = order.target;
  const database = quoteIdentifier(name);
  await client.query(`BEGIN; ALTER DATABASE ${database} ALLOW_CONNECTIONS false IS_TEMPLATE false`);
  failpoint('drop:refusing');
  const places = await readPlaces(client, exchangeOf(order));
  if (placeOf(places, oid)?.name !== name) throw refused(order, 'another database has its name');
  if (!placeOf(places, order.staging.oid)) throw refused(order, 'the staging database is gone');
  await client.query('COMMIT');
  failpoint('drop:after-refuse');
}

async function drop(client: pg.Client, { target }: DropTargetOrder, patienceMs: number): Promise<number> {
  const since = performance.now();
  // Removing the files of a large database takes its time.
  await client.query('SET statement_timeout = 0');
  for (let endedSessions = 0; ; ) {
    endedSessions += await endSessions(client, [target.oid]);
    failpoint('drop:after-terminate');
    try {
      await client.query(`DROP DATABASE ${quoteIdentifier(target.name)} WITH (FORCE)`);
      failpoint('drop:after-drop');
      return endedSessions;
    } catch (error) {
      if (!isBusy(error) || performance.now() - since > patienceMs) throw error;
      await pause();
    }
  }
}

/** The names and oids that the session has to keep clear of. */
function exchangeOf({ target, staging, runId }: DropTargetOrder): ExchangeOrder {
  const { name, oid, acceptsConnections } = target;
  // It is never carried out: the target goes nowhere.
  const present = { oid, awayName: name, awayMark: 'previous', acceptsConnections } as const;
  return { name, present, incoming: { ...staging, mark: 'staging' }, runId };
}

function attemptOf({ target }: DropTargetOrder): string {
  return `drop database ${showName(target.name)} to restore in its place`;
}

function refused(order: DropTargetOrder, cause: string): HoldfastError {
  return new HoldfastError('SwapRefused', {
    attempted: attemptOf(order),
    cause,
    remedy: 'Nothing was dropped. Look at what is there, then restore again.',
  });
}
