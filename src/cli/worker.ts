import { createActivities } from '../../activities/index.js';
import { createLogger, type Logger, type LogLevel } from '../log.js';
import { type DrainOptions, drainOutboxes } from '../monitoring/drain-outboxes.js';
import { findTemporal } from '../temporal/connection.js';
import { installRuntimeLogger } from '../temporal/runtime-logger.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';
import { lastingQueues } from '../temporal/task-queues.js';
import { startWorker } from '../temporal/worker.js';
import type { CommandContext } from './context.js';
import { onInterrupt } from './interrupt.js';
import type { Output } from './output/output.js';

/** `holdfast worker`: works until it is told to stop; what it had begun goes on elsewhere or at its next start. */
export async function workerCommand(context: CommandContext): Promise<number> {
  const { config, output, stateDir } = context;
  const logOptions = { ...context.logOptions, level: logLevel(output) };
  const place = await findTemporal(context.temporalOptions);
  try {
    await ensureSearchAttributes(place.connection, place.namespace);
    installRuntimeLogger(createLogger(logOptions));
    const connection = await place.connectWorker();
    const activities = createActivities({ config, logOptions, stateDir });
    const queues = lastingQueues(config.host);
    const worker = await startWorker({ connection, namespace: place.namespace, queues, activities });
    output.note(`working for host "${config.host}" on Temporal at ${place.address} (${place.source})`);
    if (place.uiAddress) output.note(`Web UI: ${place.uiAddress}`);
    const draining = drainOutboxes({ config, stateDir, ...deliveryLog(createLogger(logOptions)) });
    const stopListening = onInterrupt(() => {
      output.note('stopping');
      void worker.stop();
    });
    await worker.finished.finally(() => draining.stop());
    stopListening();
    await connection.close();
    return 0;
  } finally {
    await place.close();
  }
}

/** What becomes of alerts between looks, in the worker's own log. */
function deliveryLog(log: Logger): Pick<DrainOptions, 'onDelivery' | 'onError'> {
  return {
    onDelivery: ({ cluster, delivered, waiting, problems }) => {
      if (delivered > 0)
        log.info({ cluster, delivered, waiting }, `delivered ${delivered} alerts that waited`);
      for (const problem of problems) log.warn({ cluster, waiting }, problem);
    },
    onError: (cluster, error) => log.warn({ cluster, err: error }, 'the outbox could not be looked into'),
  };
}

/** A worker has no command to tell its results. */
function logLevel({ verbose, quiet }: Output): LogLevel {
  if (verbose) return 'debug';
  return quiet ? 'error' : 'success';
}
