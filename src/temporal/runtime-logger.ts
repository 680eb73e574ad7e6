import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from '../log.js';
import { OutageLines } from './outage-lines.js';
import type { SdkMetrics } from './sdk-metrics.js';

const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** What our own steps have told by then, with more to the point; and that a host's queue is for activities, as is meant. */
const toldAlready = new Set([
  'Activity failed',
  'Workflow failed',
  'No workflows registered, not polling for workflow tasks',
]);

/**
 * Sends what Temporal's SDK logs, of workflows and of itself, to Holdfast's log, and has it serve its metrics. Once a
 * process: the SDK remembers it when it begins anew. Gives what tells outages, for whoever can ask Temporal.
 */
export function installRuntimeLogger(log: Logger, metrics?: SdkMetrics): OutageLines {
  const outages = new OutageLines(log);
  Runtime.install({
    logger: new DefaultLogger('DEBUG', ({ level, message, meta }) => {
      const isTold = toldAlready.has(message) || outages.takes(meta ?? {});
      log[isTold ? 'debug' : levels[level]](meta ?? {}, message);
    }),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metrics && { metrics: metrics.exporter }),
    },
    // Interrupts are the commands' own business.
    shutdownSignals: [],
  });
  return outages;
}
