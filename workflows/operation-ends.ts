import {
  ContinueAsNew,
  isCancellation,
  proxySinks,
  type Sinks,
  type WorkflowInterceptorsFactory,
  workflowInfo,
} from '@temporalio/workflow';
import { searchAttributeNames } from '../src/domain/contracts.js';
import { backupSizeOf, type OperationEnd, operationOutcomes } from '../src/domain/operation-end.js';

/** What a worker is told of the workflows that it runs. */
export interface OperationSinks extends Sinks {
  operations: { ended(end: OperationEnd): void };
}

const { operations } = proxySinks<OperationSinks>();

/** Tells the worker how each operation has ended, once: not when a history is replayed. Leaves no trace in it. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      async execute(input, next) {
        try {
          const result = await next(input);
          tell('succeeded', result);
          return result;
        } catch (error) {
          if (!(error instanceof ContinueAsNew)) tell(isCancellation(error) ? 'cancelled' : 'failed', null);
          throw error;
        }
      },
    },
  ],
});

/** By its search attributes, which say better than its result how a run has ended; without them it is no operation. */
function tell(unless: OperationEnd['outcome'], result: unknown): void {
  const { typedSearchAttributes, startTime, unsafe } = workflowInfo();
  if (unsafe.isReplaying) return;
  const found = new Map(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
  const [cluster, database, operation, outcome] = searchAttributeNames.map((name) => found.get(name));
  if (typeof operation !== 'string' || typeof cluster !== 'string') return;
  const now = new Date();
  operations.ended({
    ...{ operation, cluster, database: typeof database === 'string' ? database : '' },
    outcome: operationOutcomes.find((each) => each === outcome) ?? unless,
    at: now.toISOString(),
    durationMs: now.getTime() - startTime.getTime(),
    sizeBytes: backupSizeOf(result),
  });
}
