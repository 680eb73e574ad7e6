import { readFile } from 'node:fs/promises';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { OperationEnd } from '../domain/operation-end.js';
import { operationSinks } from './operation-sinks.js';
import type { OperationQueues } from './task-queues.js';
import { workflowBundlePath } from './workflow-bundle.js';

export interface RunningWorker {
  /** Ends when the worker has stopped; rejects when it failed. */
  finished: Promise<void>;
  /** Stops taking work, interrupts what runs (it goes on elsewhere) and waits for it. */
  stop(): Promise<void>;
}

export interface StartWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  queues: OperationQueues;
  activities: object;
  /** Told of each operation that has ended. It must not fail. */
  onOperationEnd: (end: OperationEnd) => void | Promise<void>;
}

/** Starts a worker for the workflow queue and one host's queue. */
export async function startWorker(options: StartWorkerOptions): Promise<RunningWorker> {
  const { connection, namespace, queues, activities, onOperationEnd } = options;
  const common = {
    connection,
    namespace,
    activities,
    sinks: operationSinks(onOperationEnd),
    // A heartbeat also brings the answer whether the operation was cancelled: a person waits for it.
    maxHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: '1 second',
    shutdownForceTime: '30 seconds',
  } as const;
  const code = await readFile(workflowBundlePath, 'utf8');
  const shared = queues.workflows === queues.host;
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue: queues.workflows, workflowBundle: { code } }),
    ...(shared ? [] : [Worker.create({ ...common, taskQueue: queues.host })]),
  ]);
  const runs = workers.map((worker) => worker.run());
  const finished = Promise.all(runs).then(() => undefined);
  const stop = async () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await finished;
  };
  return { finished, stop };
}
