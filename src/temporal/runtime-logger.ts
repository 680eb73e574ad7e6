import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from '../log.js';

const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

export interface RuntimeLoggerOptions {
  /** A command tells its operation's failures by itself: the SDK's lines about them, with stacks, are for `--verbose`. @defaultValue false */
  failuresAreTold?: boolean;
}

const aboutFailures = new Set(['Activity failed', 'Workflow failed']);

/** Sends what Temporal's SDK logs, of workflows and of itself, to Holdfast's log. Once a process. */
export function installRuntimeLogger(
  log: Logger,
  { failuresAreTold = false }: RuntimeLoggerOptions = {},
): void {
  Runtime.install({
    logger: new DefaultLogger('DEBUG', ({ level, message, meta }) => {
      const isTold = failuresAreTold && aboutFailures.has(message);
      log[isTold ? 'debug' : levels[level]](meta ?? {}, message);
    }),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
    // Interrupts are the commands' own business.
    shutdownSignals: [],
  });
}
