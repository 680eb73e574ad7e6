import { ApplicationFailure, cancellationSignal } from '@temporalio/activity';
import { type AlertChannel, channelsOf, keysFor } from '../src/alerting/channels.js';
import { isUndelivered } from '../src/alerting/undelivered.js';
import type { Alert } from '../src/domain/alert.js';
import { createLogger } from '../src/log.js';
import type { ActivityDeps } from './deps.js';

const timeoutMs = 8_000;

/** Telling people. */
export function createAlertActivities(deps: ActivityDeps) {
  const log = createLogger(deps.logOptions);
  const send = (channel: AlertChannel, alert: Alert) =>
    channel.send({ ...alert, host: deps.config.host }, { signal: cancellationSignal(), timeoutMs });
  return {
    /** Logs an alert, and sends it where it is to go. Gives the keys of the channels that did not take it; undefined: all did. */
    async sendAlert(alert: Alert): Promise<string[] | undefined> {
      const complete = { ...alert, host: deps.config.host };
      log[alert.priority === 'critical' ? 'error' : 'info'](
        { alert: complete },
        `alert ${alert.type}: ${alert.message}`,
      );
      const keys = keysFor(alert, deps.config, deps.config.routes);
      const channels = channelsOf(deps.config).filter(({ key }) => keys.includes(key));
      const attempts = channels.map(async (channel) => {
        try {
          const note = await send(channel, alert);
          if (note !== undefined) log.warn(note);
          return [];
        } catch (error) {
          log.warn(problemOf(error));
          return [channel.key];
        }
      });
      const undelivered = (await Promise.all(attempts)).flat();
      return undelivered.length > 0 ? undelivered : undefined;
    },

    /**
     * Sends an alert to one channel. What is no setting any more is waited for by nobody. However often it fails, and
     * whatever the channel answers, it is worth another try: the workflow says for how long.
     */
    async sendAlertTo({ alert, channel: key }: { alert: Alert; channel: string }): Promise<void> {
      const channel = channelsOf(deps.config).find((each) => each.key === key);
      try {
        const note = channel && (await send(channel, alert));
        if (note !== undefined) log.warn(note);
      } catch (error) {
        throw ApplicationFailure.retryable(problemOf(error), 'AlertNotDelivered');
      }
    },
  };
}

function problemOf(error: unknown): string {
  if (isUndelivered(error)) return error.message;
  throw error;
}
