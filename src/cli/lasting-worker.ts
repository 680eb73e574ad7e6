import { createActivities } from '../../activities/index.js';
import { createLogger, type LoggerOptions, type LogLevel } from '../log.js';
import type { TemporalPlace } from '../temporal/connection.js';
import { installRuntimeLogger } from '../temporal/runtime-logger.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';
import { lastingQueues } from '../temporal/task-queues.js';
import { type RunningWorker, startWorker } from '../temporal/worker.js';
import type { CommandContext } from './context.js';
import { inheritWork } from './inherit-work.js';
import type { Output } from './output/output.js';

/** Starts a worker that stays: for the workflow queue, this host's, and those of commands that are gone. */
export async function startLastingWorker(
  context: CommandContext,
  place: TemporalPlace,
  logOptions: LoggerOptions = { ...context.logOptions, level: logLevel(context.output) },
): Promise<RunningWorker> {
  const { config, stateDir } = context;
  await ensureSearchAttributes(place.connection, place.namespace);
  installRuntimeLogger(createLogger(logOptions));
  const connection = await place.connectWorker();
  const activities = createActivities({ config, logOptions, stateDir });
  const common = { connection, namespace: place.namespace, activities };
  const worker = await startWorker({ ...common, queues: lastingQueues(config.host) });
  const inherited = inheritWork(context, place, (queues) => startWorker({ ...common, queues }));
  const closed = Promise.all([worker.finished, inherited.finished]).then(() => connection.close());
  const stop = async () => {
    await Promise.all([worker.stop(), inherited.stop()]);
    await closed;
  };
  return { finished: closed, stop };
}

/** A worker has no command to tell its results. */
function logLevel({ verbose, quiet }: Output): LogLevel {
  if (verbose) return 'debug';
  return quiet ? 'error' : 'success';
}
