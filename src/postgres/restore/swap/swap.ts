import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { showName } from '../../quote.js';
import { type ExchangeOptions, type ExchangeResult, exchange, finishOrUndoExchange } from './exchange.js';
import { readBlockers } from './exchange-blockers.js';
import type { ExchangeOrder } from './exchange-order.js';
import type { ExchangeOutcome } from './exchange-places.js';

/** Puts a proven staging database in the target's place. Plain data: it may be kept and given again. */
export interface SwapOrder {
  /** The target as it was approved; `oid` null when it doesn't exist. */
  target: { name: string; oid: number | null; acceptsConnections: boolean };
  staging: { name: string; oid: number };
  /** What the target is called afterwards, see `restoreName`. */
  previousName: string;
  /** The comment that the restored database gets. */
  comment: string | null;
  /** Run of the workflow that restores. */
  runId: string;
}

/**
 * Swaps, or finds the swap done by an earlier attempt: the target gets the previous name and takes no connections,
 * the staging database gets the target's name and takes them. Clients reach the one before, and the other after.
 * @throws HoldfastError SwapRefused, DatabaseInUse, AlreadyRunning, Cancelled, and as `withConnection`
 */
export async function swapDatabases(
  settings: ConnectionSettings,
  order: SwapOrder,
  options: ExchangeOptions = {},
): Promise<ExchangeResult> {
  return await exchange(settings, exchangeOrder(order), options);
}

/**
 * After a crash at any instant of the swap: says whether it is `done`, and when it is not lets clients in to the
 * target again. Safe to repeat.
 * @throws HoldfastError SwapRefused, AlreadyRunning, and as `withConnection`
 */
export async function finishOrUndoSwap(
  settings: ConnectionSettings,
  order: SwapOrder,
): Promise<ExchangeOutcome> {
  return await finishOrUndoExchange(settings, exchangeOrder(order));
}

/**
 * What stands against the swap, in words (prepared transactions, logical replication, missing privileges); to be
 * asked before a person is asked to approve.
 * @throws HoldfastError as `withConnection`
 */
export async function swapBlockers(settings: ConnectionSettings, order: SwapOrder): Promise<string[]> {
  return await readBlockers(settings, exchangeOrder(order));
}

/** The error for what {@link swapBlockers} or `readTargetBlockers` found, before anybody was asked. */
export function swapBlocked(target: string, blockers: readonly string[]): HoldfastError {
  return new HoldfastError('SwapRefused', {
    attempted: `replace database ${showName(target)}`,
    cause: blockers.join('; '),
    remedy: 'nothing was changed; remove the cause, then restore again',
  });
}

function exchangeOrder({ target, staging, previousName, comment, runId }: SwapOrder): ExchangeOrder {
  const { name, oid, acceptsConnections } = target;
  return {
    name,
    present: oid === null ? null : { oid, awayName: previousName, awayMark: 'previous', acceptsConnections },
    incoming: { ...staging, mark: 'staging', comment },
    runId,
  };
}
