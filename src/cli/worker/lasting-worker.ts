import { createActivities } from '../../../activities/index.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { askAnything } from '../../temporal/outage.js';
import { ensureSearchAttributes } from '../../temporal/search-attributes.js';
import { lastingQueues } from '../../temporal/task-queues.js';
import { type RunningWorker, type StartWorkerOptions, startWorker } from '../../temporal/worker.js';
import type { CommandContext } from '../context.js';
import { remember } from '../operation/operation-ends.js';
import { inheritWork } from './inherit-work.js';
import { type LastingServices, workerLogOptions } from './lasting-services.js';

/** Starts a worker that stays: for the workflow queue, this host's, and those of commands that are gone. */
export async function startLastingWorker(
  context: CommandContext,
  place: TemporalPlace,
  { log, metrics, outages }: LastingServices,
): Promise<RunningWorker> {
  const { config, stateDir } = context;
  await ensureSearchAttributes(place.connection, place.namespace);
  const connection = await place.connectWorker();
  const activities = createActivities({ config, logOptions: workerLogOptions(context), stateDir });
  const onOperationEnd: StartWorkerOptions['onOperationEnd'] = (end) => {
    metrics?.count(end);
    return remember(context, log, end);
  };
  const common = { connection, namespace: place.namespace, activities, onOperationEnd };
  const worker = await startWorker({ ...common, queues: lastingQueues(config.host) });
  const inherited = inheritWork(context, place, (queues) => startWorker({ ...common, queues }));
  if (metrics) metrics.client = place.client;
  outages.probe = () => askAnything(place.connection);
  const closed = Promise.all([worker.finished, inherited.finished]).finally(async () => {
    if (metrics) metrics.client = undefined;
    outages.probe = undefined;
    await connection.close();
  });
  const stop = async () => {
    await Promise.all([worker.stop(), inherited.stop()]);
    await closed;
  };
  return { finished: closed.then(() => undefined), stop };
}
