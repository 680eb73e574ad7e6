import type { ConnectionSettings } from '../../../config/config.js';
import { type ErrorStory, HoldfastError } from '../../../domain/errors.js';
import { isMarkOf, parseMark } from '../../../domain/restore/database-mark.js';
import { shellWord } from '../../../domain/shell-word.js';
import { quoteIdentifier, showName } from '../../quote.js';
import { type ExchangeOptions, type ExchangeResult, exchange, finishOrUndoExchange } from './exchange.js';
import { type ExchangeOrder, namesOf } from './exchange-order.js';
import { type ExchangeOutcome, outcomeOf, type Place, placeOf, readPlaces } from './exchange-places.js';
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
  const refusal = await undoRefusal(settings, order);
  if (refusal === undefined) return await exchange(settings, exchangeOrder(order), options);
  const attempted = `undo the restore of database ${showName(order.name)}`;
  throw new HoldfastError('UndoRefused', { attempted, ...refusal });
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

/** Why a restore can't be undone, and what leads back all the same. */
export type UndoRefusal = Pick<ErrorStory, 'cause' | 'remedy'>;

/**
 * Why the restore can't be undone; undefined when it can be, or was by this very order.
 * @throws HoldfastError as `withConnection`
 */
export async function undoRefusal(
  settings: ConnectionSettings,
  order: UndoOrder,
): Promise<UndoRefusal | undefined> {
  const places = await withNeighbour(settings, namesOf(exchangeOrder(order)), (client) =>
    readPlaces(client, exchangeOrder(order)),
  );
  const outcome = outcomeOf(places, exchangeOrder(order));
  if (outcome !== undefined) return outcome === 'undone' ? unmarked(places, order) : undefined;
  return previousMissing(places, order) ?? restoredElsewhere(places, order);
}

function previousMissing(places: readonly Place[], { name, previous }: UndoOrder): UndoRefusal | undefined {
  const before = placeOf(places, previous.oid);
  const kept = showName(previous.name);
  if (!before)
    return {
      cause: `the previous database ${kept} is no longer kept`,
      remedy: 'Restore a backup instead.',
    };
  if (before.name === name)
    return {
      cause: 'it was undone already: the previous database has its name back',
      remedy: 'Nothing is left to be undone.',
    };
  if (before.name === previous.name) return undefined;
  return {
    cause: `the previous database is now named ${showName(before.name)}, not ${kept}`,
    remedy: `${renamed(before.name, previous.name)}; then undo again.`,
  };
}

/** Whoever changed the comment may have made the database theirs: whether it comes back is theirs to say. */
function unmarked(
  places: readonly Place[],
  { name, previous, undoneName }: UndoOrder,
): UndoRefusal | undefined {
  if (isMarkOf(placeOf(places, previous.oid)?.comment, 'previous', name)) return undefined;
  const [target, kept] = [quoteIdentifier(name), quoteIdentifier(previous.name)];
  return {
    cause: `the comment of ${showName(previous.name)} was changed: it has not Holdfast’s mark of a previous database`,
    remedy: `If it is to come back: ${renamed(name, undoneName)}; ALTER DATABASE ${kept} ALLOW_CONNECTIONS true; ALTER DATABASE ${kept} RENAME TO ${target}.`,
  };
}

/** The previous database is there: it is not to be given up for a backup. */
function restoredElsewhere(
  places: readonly Place[],
  { name, restoredOid, previous }: UndoOrder,
): UndoRefusal {
  const restored = placeOf(places, restoredOid);
  const isFree = places.every((place) => place.name !== name);
  if (!restored)
    return {
      cause: isFree
        ? 'the restored database is gone'
        : `the restored database is gone: ${showName(name)} is another one by now`,
      remedy: `${isFree ? '' : 'Rename that one, then '}ALTER DATABASE ${quoteIdentifier(previous.name)} ALLOW_CONNECTIONS true, and ${renamed(previous.name, name)}.`,
    };
  const cause = `the restored database is now named ${showName(restored.name)}`;
  if (parseMark(restored.comment)?.kind === 'previous')
    return {
      cause: `${cause}: another restore came after it`,
      remedy: `Undo that one first: \`holdfast restore undo ${shellWord(restored.name)}\`; then this one.`,
    };
  const first = isFree ? '' : `Rename the one that is ${showName(name)} by now, then `;
  return { cause, remedy: `${first}${renamed(restored.name, name)}; then undo again.` };
}

function renamed(from: string, to: string): string {
  return `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`;
}

function exchangeOrder({ name, restoredOid, previous, undoneName, runId }: UndoOrder): ExchangeOrder {
  return {
    name,
    present: { oid: restoredOid, awayName: undoneName, awayMark: 'undone', acceptsConnections: true },
    incoming: { ...previous, mark: 'previous' },
    runId,
  };
}
