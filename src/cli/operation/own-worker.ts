import { createActivities } from '../../../activities/index.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { askAnything } from '../../temporal/outage.js';
import { installRuntimeLogger } from '../../temporal/runtime-logger.js';
import type { OperationQueues } from '../../temporal/task-queues.js';
import { type RunningWorker, startWorker } from '../../temporal/worker.js';
import type { CommandContext } from '../context.js';
import { remember } from './operation-ends.js';

/** Starts a worker in the command's own process. */
export async function startOwnWorker(
  context: CommandContext,
  place: TemporalPlace,
  queues: OperationQueues,
): Promise<RunningWorker> {
  const { config, log, stateDir } = context;
  // What fails, and is alerted, the command tells in its own words, with the remedy.
  const logOptions = { ...context.logOptions, errorsToldElsewhere: !context.output.verbose };
  installRuntimeLogger(log).probe = () => askAnything(place.connection);
  const connection = await place.connectWorker();
  const activities = createActivities({ config, logOptions, stateDir });
  return startWorker({
    connection,
    namespace: place.namespace,
    queues,
    activities,
    onOperationEnd: (end) => remember(context, log, end),
  });
}
