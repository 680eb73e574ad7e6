import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';

/** How long a step may wait for a worker of its host before the host counts as unserved. */
const unservedAfter = '10 minutes';

/** Steps of seconds: a query, a listing, a rename. They beat as long as their worker lives. */
export const quickOptions: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  scheduleToStartTimeout: unservedAfter,
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    maximumAttempts: 5,
  },
};

/** Publication. Files that could not be made durable are gone: they must be dumped anew, not published again. */
export const publishOptions: ActivityOptions = {
  ...quickOptions,
  retry: { ...quickOptions.retry, nonRetryableErrorTypes: ['StorageFailed'] },
};

export interface Contact {
  /** The step is given up when no worker of the host takes it for this long. @defaultValue 600 */
  unservedAfterSeconds?: number | undefined;
  /** Whether a schedule began the run, and no person waits for it. */
  isScheduled?: boolean | undefined;
}

/**
 * First contact with a server. A person who waits is told soon that it can't be reached, after some three seconds; a
 * schedule's run waits some two and a half minutes, so that a server which restarts in that moment costs no night's backup.
 */
export function contactOptions({ unservedAfterSeconds, isScheduled = false }: Contact): ActivityOptions {
  return {
    ...quickOptions,
    ...(unservedAfterSeconds !== undefined && { scheduleToStartTimeout: unservedAfterSeconds * 1000 }),
    retry: { ...quickOptions.retry, maximumAttempts: isScheduled ? 10 : 3 },
  };
}

/**
 * Steps that move a database's bytes: they heartbeat progress, and only progress. A worker may die under such a
 * step any number of times; failures that the step itself reports are bounded at the activity's edge.
 */
export function transferOptions(stallTimeoutSeconds: number): ActivityOptions {
  return {
    startToCloseTimeout: '7 days',
    heartbeatTimeout: stallTimeoutSeconds * 1000,
    scheduleToStartTimeout: unservedAfter,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: '1 second',
      backoffCoefficient: 2,
      // Longer waits would help nobody: only a worker's death, a stall, or a server that is away gets that far.
      maximumInterval: '15 seconds',
      maximumAttempts: 100,
    },
  };
}

/** Steps of minutes that beat as long as their worker lives: an archiver is awaited, an archive read. */
export const patientOptions: ActivityOptions = { ...quickOptions, startToCloseTimeout: '30 minutes' };

/** Replay of WAL: how long it takes nobody knows, and its worker beats meanwhile. */
export const replayOptions: ActivityOptions = {
  ...quickOptions,
  startToCloseTimeout: '7 days',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** One try of an alert while the operation waits; what it misses goes to `deliverAlert`. */
export const alertOnceOptions: ActivityOptions = {
  startToCloseTimeout: '10 seconds',
  scheduleToStartTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
};

/** An alert that nobody waits for: tried for days. */
export const alertUntilDeliveredOptions: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '3 days',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '10 minutes' },
};

/** Steps that may come a day after their restore, when no worker happens to be there: they wait for one. */
export const keepOptions: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  retry: quickOptions.retry ?? {},
};
