import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from '../log.js';

const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** What our own steps have told by then, with more to the point; and that a host's queue is for activities, as is meant. */
const toldAlready = new Set([
  'Activity failed',
  'Workflow failed',
  'No workflows registered, not polling for workflow tasks',
]);

/** Sends what Temporal's SDK logs, of workflows and of itself, to Holdfast's log. Once a process. */
export function installRuntimeLogger(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('DEBUG', ({ level, message, meta }) =>
      log[toldAlready.has(message) ? 'debug' : levels[level]](meta ?? {}, message),
    ),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
    // Interrupts are the commands' own business.
    shutdownSignals: [],
  });
}
