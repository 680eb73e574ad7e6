import { createLogger, type Logger, type LogLevel } from '../../log.js';
import { drainOutboxes } from '../../monitoring/drain-outboxes.js';
import type { OutageLines } from '../../temporal/outage-lines.js';
import { installRuntimeLogger } from '../../temporal/runtime-logger.js';
import type { CommandContext } from '../context.js';
import type { Output } from '../output/output.js';
import { deliveryLog } from './delivery-log.js';
import type { WorkerMetrics } from './metrics.js';

/** Where metrics are served when nobody says otherwise: what exporters of OpenTelemetry listen at. */
const usualMetricsAddress = '127.0.0.1:9464';

export interface LastingOptions {
  /** Where metrics are served: an address, or the usual one. */
  metrics?: string | true;
}

/** What a process that stays does whether it has Temporal or not: metrics, and alerts that wait. */
export interface LastingServices {
  log: Logger;
  metrics: WorkerMetrics | undefined;
  outages: OutageLines;
  close(): Promise<void>;
}

/**
 * Begins before there is a connection to Temporal, whose own log and metrics go where ours do.
 *
 * @throws HoldfastError `ConfigurationInvalid` where metrics can't be served
 */
export async function startServices(
  context: CommandContext,
  options: LastingOptions,
): Promise<LastingServices> {
  const { config, stateDir } = context;
  const log = createLogger(workerLogOptions(context));
  const metrics = await serveMetrics(context, options, log);
  const outages = installRuntimeLogger(log, metrics?.sdk);
  const draining = drainOutboxes({ config, stateDir, ...deliveryLog(log) });
  const close = async () => {
    await draining.stop();
    await metrics?.close();
  };
  return { log, metrics, outages, close };
}

/** A worker has no command to tell its results. */
export function workerLogOptions({ logOptions, output }: CommandContext) {
  return { ...logOptions, level: logLevel(output) };
}

function logLevel({ verbose, quiet }: Output): LogLevel {
  if (verbose) return 'debug';
  return quiet ? 'error' : 'success';
}

/** Loaded only where they are asked for. */
async function serveMetrics(
  context: CommandContext,
  { metrics: asked }: LastingOptions,
  log: Logger,
): Promise<WorkerMetrics | undefined> {
  const configured = context.config.metricsAddress;
  const address = typeof asked === 'string' ? asked : (configured ?? (asked && usualMetricsAddress));
  if (address === undefined) return undefined;
  const metrics = await (await import('./metrics.js')).startMetrics(context, address, log);
  context.output.note(`metrics: ${metrics.url}`);
  return metrics;
}
