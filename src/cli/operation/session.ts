import { configFingerprint } from '../../config/fingerprint.js';
import { HoldfastError } from '../../domain/errors.js';
import { findTemporal, type TemporalPlace } from '../../temporal/connection.js';
import { ensureSearchAttributes } from '../../temporal/search-attributes.js';
import {
  commandQueues,
  hasLivePoller,
  lastingQueues,
  type OperationQueues,
} from '../../temporal/task-queues.js';
import type { RunningWorker } from '../../temporal/worker.js';
import type { CommandContext } from '../context.js';

/** Temporal, and the queues on which somebody does the work: a lasting worker, or this process. */
export interface Session {
  place: TemporalPlace;
  queues: OperationQueues;
  /** Begins to do the work here, where no lasting worker does it. Called once the operation is known to be ours. */
  work(): Promise<void>;
  /** Rejects when this process's own worker fails. */
  workerFailed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Opens Temporal for one operation on `host`.
 *
 * @throws HoldfastError `NoWorkerForHost` when the work can't be done here and nobody else does it
 */
export async function openSession(context: CommandContext, host: string, detach: boolean): Promise<Session> {
  // On a server that has just been started nobody does the work but us: what that takes can load meanwhile.
  if (context.temporalOptions.begun?.startedServer) void import('./own-worker.js');
  const place = await findTemporal(context.temporalOptions);
  try {
    const lasting = lastingQueues(host);
    const [isWorkedOn] = await Promise.all([
      hasLivePoller(place.client, lasting.host),
      ensureSearchAttributes(place.connection, place.namespace),
    ]);
    if (isWorkedOn) return sessionOfOthers(place, lasting);
    if (detach || host !== context.config.host) throw noWorker(host, detach);
    return sessionOfThisProcess(context, place);
  } catch (error) {
    await place.close();
    throw error;
  }
}

/** Work that a lasting worker does. */
export function sessionOfOthers(place: TemporalPlace, queues: OperationQueues): Session {
  return {
    place,
    queues,
    work: () => Promise.resolve(),
    workerFailed: new Promise(() => undefined),
    close: () => place.close(),
  };
}

/** Work that this process does once it is asked to. */
export function sessionOfThisProcess(context: CommandContext, place: TemporalPlace): Session {
  const queues = commandQueues(configFingerprint(context.config));
  let worker: RunningWorker | undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const workerFailed = new Promise<never>((_, fail) => {
    reject = fail;
  });
  workerFailed.catch(() => undefined);
  return {
    place,
    queues,
    workerFailed,
    async work() {
      // Loaded only where it is needed: it takes half a second.
      const { startOwnWorker } = await import('./own-worker.js');
      worker = await startOwnWorker(context, place, queues);
      worker.finished.catch(reject);
    },
    async close() {
      await worker?.stop().catch(() => undefined);
      await place.close();
    },
  };
}

function noWorker(host: string, detach: boolean): HoldfastError {
  return new HoldfastError('NoWorkerForHost', {
    attempted: detach ? 'start a detached operation' : `start an operation on host "${host}"`,
    cause: `no worker asks for the work of host "${host}"`,
    remedy: `run \`holdfast worker\` on ${host}${detach ? ', or leave out --detach' : ''}`,
  });
}
