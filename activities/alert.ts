import { cancellationSignal } from '@temporalio/activity';
import { sendAlert } from '../src/alerting/send-alert.js';
import type { Alert } from '../src/domain/contracts.js';
import { createLogger } from '../src/log.js';
import type { ActivityDeps } from './deps.js';

/** Telling people. */
export function createAlertActivities(deps: ActivityDeps) {
  const log = createLogger(deps.logOptions);
  return {
    /** Logs an alert, and sends it where an endpoint is configured. */
    async sendAlert(alert: Alert): Promise<void> {
      const complete = { ...alert, host: deps.config.host };
      log[alert.priority === 'critical' ? 'error' : 'info'](
        { alert: complete },
        `alert ${alert.type}: ${alert.message}`,
      );
      const { alertEndpoint } = deps.config;
      if (alertEndpoint)
        await sendAlert(alertEndpoint, complete, { signal: cancellationSignal(), timeoutMs: 8_000 });
    },
  };
}
