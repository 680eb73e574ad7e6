import { setTimeout as delay } from 'node:timers/promises';
import { createActivities } from '../../activities/index.js';
import { createLogger, type Logger, type LogLevel } from '../log.js';
import { findTemporal, type TemporalPlace } from '../temporal/connection.js';
import { isServerConfigured } from '../temporal/locate.js';
import { isOutage } from '../temporal/outage.js';
import { installRuntimeLogger } from '../temporal/runtime-logger.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';
import { lastingQueues } from '../temporal/task-queues.js';
import { type RunningWorker, startWorker } from '../temporal/worker.js';
import type { CommandContext } from './context.js';
import { onInterrupt } from './interrupt.js';
import { remember } from './operation-ends.js';
import type { Output } from './output/output.js';
import type { WorkerMetrics } from './worker-metrics.js';

export interface WorkerOptions {
  /** An address, or the usual one. */
  metrics?: string | true;
}

interface Work {
  context: CommandContext;
  log: Logger;
  metrics: WorkerMetrics | undefined;
  /** That the worker is to stop. */
  signal: AbortSignal;
}

const tryAgainMs = 5_000;

/** `holdfast worker`: works until it is told to stop; what it had begun goes on elsewhere or at its next start. */
export async function workerCommand(context: CommandContext, options: WorkerOptions): Promise<number> {
  const log = createLogger({ ...context.logOptions, level: logLevel(context.output) });
  const metrics = await serveMetrics(context, options, log);
  const stop = new AbortController();
  const stopListening = onInterrupt(() => {
    context.output.note('stopping');
    stop.abort();
  });
  try {
    installRuntimeLogger(log, metrics?.sdk);
    await workUntilStopped({ context, log, metrics, signal: stop.signal });
    return 0;
  } finally {
    stopListening();
    await metrics?.close();
  }
}

/** Loaded only where they are asked for. */
async function serveMetrics(
  context: CommandContext,
  { metrics: asked }: WorkerOptions,
  log: Logger,
): Promise<WorkerMetrics | undefined> {
  const { usualMetricsAddress } = await import('../metrics/serve.js');
  const configured = context.config.metricsAddress;
  const address = typeof asked === 'string' ? asked : (configured ?? (asked && usualMetricsAddress));
  if (address === undefined) return undefined;
  const metrics = await (await import('./worker-metrics.js')).startMetrics(context, address, log);
  context.output.note(`metrics: ${metrics.url}`);
  return metrics;
}

/** A server that the settings name is waited for, at the start and when it is lost: metrics are served meanwhile. */
async function workUntilStopped(work: Work): Promise<void> {
  const { output, temporalOptions } = work.context;
  const mayWait = isServerConfigured(temporalOptions);
  for (let options = temporalOptions; !work.signal.aborted; ) {
    try {
      const place = await findTemporal(options);
      await workAt(place, work).finally(() => place.close());
    } catch (error) {
      if (!isOutage(error) || !mayWait) throw error;
      if (work.signal.aborted) return;
      output.warn(`${error instanceof Error ? error.message : String(error)}; trying again`);
      await delay(tryAgainMs, undefined, { signal: work.signal }).catch(() => undefined);
    }
    const { begun: _, ...again } = options;
    options = again;
  }
}

async function workAt(place: TemporalPlace, { context, log, metrics, signal }: Work): Promise<void> {
  const { config, output, stateDir, logOptions } = context;
  await ensureSearchAttributes(place.connection, place.namespace);
  const connection = await place.connectWorker();
  const onOperationEnd: Parameters<typeof startWorker>[0]['onOperationEnd'] = (end) => {
    metrics?.count(end);
    return remember(context, log, end);
  };
  const activities = createActivities({
    config,
    logOptions: { ...logOptions, level: logLevel(output) },
    stateDir,
  });
  const { namespace } = place;
  const worker = await startWorker({
    ...{ connection, namespace, queues: lastingQueues(config.host), activities, onOperationEnd },
  });
  output.note(`working for host "${config.host}" on Temporal at ${place.address} (${place.source})`);
  if (place.uiAddress) output.note(`Web UI: ${place.uiAddress}`);
  if (metrics) metrics.client = place.client;
  try {
    await untilStopped(worker, signal);
  } finally {
    if (metrics) metrics.client = undefined;
    await connection.close();
  }
}

async function untilStopped(worker: RunningWorker, signal: AbortSignal): Promise<void> {
  const stop = () => void worker.stop().catch(() => undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  await worker.finished.finally(() => signal.removeEventListener('abort', stop));
}

/** A worker has no command to tell its results. */
function logLevel({ verbose, quiet }: Output): LogLevel {
  if (verbose) return 'debug';
  return quiet ? 'error' : 'success';
}
