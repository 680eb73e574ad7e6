import type { InjectedSinks } from '@temporalio/worker';
import type { OperationSinks } from '../../workflows/operation-ends.js';
import type { OperationEnd } from '../domain/operation-end.js';

/** What a worker's workflows call when they end. */
export function operationSinks(
  onEnd: (end: OperationEnd) => void | Promise<void>,
): InjectedSinks<OperationSinks> {
  return { operations: { ended: { fn: (_, end) => onEnd(end) } } };
}
