import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { showName } from '../quote.js';
import { type ExchangeOptions, type ExchangeResult, exchange, finishOrUndoExchange } from './exchange.js';
import { type ExchangeOrder, namesOf } from './exchange-order.js';
import { type ExchangeOutcome, outcomeOf, placeOf, readPlaces } from './exchange-places.js';
import { withNeighbour } from './neighbour.js';

/** Takes a swap back. Plain data: it may be kept and given again. */
export interface UndoOrder {
  /** The name that clients use. */
  name: string;
  /** The database that the restore put there. */
  restoredOid: number;
  /** The database that was there before, under the name it is kept by. */
  previous: { name: string; oid: number };
  /** What the restored database is called afterwards, see `restoreName`. */
  undoneName: string;
  runId: string;
}

/**
 * Swaps back, with the guarantees of the swap, or finds this very undo done by an earlier attempt. What was written
 * since the restore stays in the undone database.
 * @throws HoldfastError UndoRefused when it was undone before, when the previous database is gone, or when another
 * restore took the name; SwapRefused, DatabaseInUse, AlreadyRunning, Cancelled, and as `withConnection`
 */
export async function undoSwap(
  settings: ConnectionSettings,
  order: UndoOrder,
  options: ExchangeOptions = {},
): Promise<ExchangeResult> {
  const reason = await undoRefusal(settings, order);
  if (reason === undefined) return await exchange(settings, exchangeOrder(order), options);
  throw new HoldfastError('UndoRefused', {
    attempted: `undo the restore of database ${showName(order.name)}`,
    cause: reason,
    remedy: 'Restore a backup instead.',
  });
}

/**
 * After a crash at any instant of the undo: says whether it is `done`, and when it is not lets clients in again.
 * @throws HoldfastError SwapRefused, AlreadyRunning, and as `withConnection`
 */
export async function finishOrUndoUndo(
  settings: ConnectionSettings,
  order: UndoOrder,
): Promise<ExchangeOutcome> {
  return await finishOrUndoExchange(settings, exchangeOrder(order));
}

/**
 * Why the restore can't be undone, in words; undefined when it can be, or was by this very order.
 * @throws HoldfastError as `withConnection`
 */
export async function undoRefusal(
  settings: ConnectionSettings,
  order: UndoOrder,
): Promise<string | undefined> {
  const places = await withNeighbour(settings, namesOf(exchangeOrder(order)), (client) =>
    readPlaces(client, exchangeOrder(order)),
  );
  if (outcomeOf(places, exchangeOrder(order)) !== undefined) return undefined;
  const { name, previous, restoredOid } = order;
  const before = placeOf(places, previous.oid);
  if (before?.name === name) return 'it was undone already: the previous database has its name back';
  if (!before) return `the previous database ${showName(previous.name)} is no longer kept`;
  if (before.name !== previous.name)
    return `the previous database is now named ${showName(before.name)}, not ${showName(previous.name)}`;
  const restored = placeOf(places, restoredOid);
  if (restored)
    return `the restored database is now named ${showName(restored.name)}: another restore came after it`;
  return 'the restored database is gone: its name may be another’s by now';
}

function exchangeOrder({ name, restoredOid, previous, undoneName, runId }: UndoOrder): ExchangeOrder {
  return {
    name,
    present: { oid: restoredOid, awayName: undoneName, awayMark: 'undone', acceptsConnections: true },
    incoming: { ...previous, mark: 'previous' },
    runId,
  };
}
