import { cancellationSignal } from '@temporalio/activity';
import { type AlertChannel, channelsOf } from '../src/alerting/channels.js';
import type { Alert } from '../src/domain/contracts.js';
import { HoldfastError } from '../src/domain/errors.js';
import { createLogger } from '../src/log.js';
import type { ActivityDeps } from './deps.js';

const timeoutMs = 8_000;

/** Telling people. */
export function createAlertActivities(deps: ActivityDeps) {
  const log = createLogger(deps.logOptions);
  const send = (channel: AlertChannel, alert: Alert) =>
    channel.send({ ...alert, host: deps.config.host }, { signal: cancellationSignal(), timeoutMs });
  return {
    /** Logs an alert, and sends it to every channel. Gives the keys of those that did not take it; undefined: all did. */
    async sendAlert(alert: Alert): Promise<string[] | undefined> {
      const complete = { ...alert, host: deps.config.host };
      log[alert.priority === 'critical' ? 'error' : 'info'](
        { alert: complete },
        `alert ${alert.type}: ${alert.message}`,
      );
      const attempts = channelsOf(deps.config).map(async (channel) => {
        const problem = await send(channel, alert).catch(problemOf);
        if (problem !== undefined) log.warn(problem);
        return problem === undefined ? [] : [channel.key];
      });
      const undelivered = (await Promise.all(attempts)).flat();
      return undelivered.length > 0 ? undelivered : undefined;
    },

    /** Sends an alert to one channel. What is no setting any more is waited for by nobody. */
    async sendAlertTo({ alert, channel: key }: { alert: Alert; channel: string }): Promise<void> {
      const channel = channelsOf(deps.config).find((each) => each.key === key);
      if (channel) await send(channel, alert);
    },
  };
}

function problemOf(error: unknown): string {
  if (error instanceof HoldfastError && error.type === 'AlertNotDelivered') return error.message;
  throw error;
}
