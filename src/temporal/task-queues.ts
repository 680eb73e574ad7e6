import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { hostQueue, workflowQueue } from '../domain/contracts.js';

/** The two queues of an operation. */
export interface OperationQueues {
  workflows: string;
  host: string;
}

/** The queues of workers that stay: `holdfast worker`. */
export function lastingQueues(host: string): OperationQueues {
  return { workflows: workflowQueue, host: hostQueue(host) };
}

/**
 * The queue of workers that live as long as one command. It carries the configuration's fingerprint, so that two
 * commands with different repositories on one Temporal server never do each other's work.
 */
export function commandQueues(fingerprint: string): OperationQueues {
  const queue = `${commandQueuePrefix()}${fingerprint}`;
  return { workflows: queue, host: queue };
}

/** Whether a queue is that of a command on this machine. */
export function isCommandQueue(queue: string): boolean {
  return queue.startsWith(commandQueuePrefix());
}

function commandQueuePrefix(): string {
  return `holdfast-command-${hostname()}-`;
}

/** A poller that has not asked for this long is gone: a long poll lasts a minute. */
const pollerGoneAfterMs = 90_000;

/** Whether a worker asks `queue` for activities. Pollers of this host whose process has ended do not count. */
export async function hasLivePoller(client: Client, queue: string): Promise<boolean> {
  const { pollers } = await client.connection.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  return (pollers ?? []).some(({ identity, lastAccessTime }) => {
    const ageMs = Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000;
    return ageMs < pollerGoneAfterMs && !isDeadHere(identity ?? '');
  });
}

/** Workers are named `pid@host`. One of this very process was closed before this question was asked. */
function isDeadHere(identity: string): boolean {
  const [pid, host] = identity.split('@');
  if (host !== hostname() || !pid) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
