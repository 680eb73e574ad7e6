import { setTimeout as delay } from 'node:timers/promises';
import { configFingerprint } from '../../config/fingerprint.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import {
  commandQueues,
  hasLivePoller,
  isCommandQueue,
  type OperationQueues,
} from '../../temporal/task-queues.js';
import type { RunningWorker } from '../../temporal/worker.js';
import type { CommandContext } from '../context.js';

const lookEveryMs = 20_000;

/** Of the workflows that run, the newest so many are looked at. */
const lookAtMost = 1_000;

/**
 * Sees through what commands had begun that are gone, by a worker for each of their queues, from now on and whenever
 * another is found. Otherwise it would be in the way of every later operation of its name.
 */
export function inheritWork(
  context: CommandContext,
  place: TemporalPlace,
  serve: (queues: OperationQueues) => Promise<RunningWorker>,
): RunningWorker {
  const served = new Map<string, RunningWorker>();
  const stopping = new AbortController();
  const look = async () => {
    for (const queue of await orphanedQueues(context, place)) {
      if (served.has(queue) || stopping.signal.aborted) continue;
      context.output.note('seeing through what a command had begun that is gone');
      const worker = await serve({ workflows: queue, host: queue });
      worker.finished.catch(() => served.delete(queue));
      served.set(queue, worker);
    }
  };
  const finished = (async () => {
    while (!stopping.signal.aborted) {
      // Temporal may be away for a while: the next look finds it.
      await look().catch(() => undefined);
      await delay(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await Promise.all([...served.values()].map((worker) => worker.stop()));
  })();
  const stop = async () => {
    stopping.abort();
    await finished;
  };
  return { finished, stop };
}

/**
 * Queues of commands with workflows that nobody works on. On a server that others use as well, only those of commands
 * with these settings; on this repository's own also others, whose steps are refused rather than done otherwise.
 */
async function orphanedQueues({ config }: CommandContext, { client, source }: TemporalPlace) {
  const own = commandQueues(configFingerprint(config)).workflows;
  const queues = new Set<string>();
  let left = lookAtMost;
  for await (const { taskQueue } of client.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
    if (taskQueue === own || (source === 'embedded' && isCommandQueue(taskQueue))) queues.add(taskQueue);
    left -= 1;
    if (left === 0) break;
  }
  const orphaned: string[] = [];
  for (const queue of queues) if (!(await hasLivePoller(client, queue))) orphaned.push(queue);
  return orphaned;
}
