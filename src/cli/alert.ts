import { randomUUID } from 'node:crypto';
import { channelsOf } from '../alerting/channels.js';
import type { Alert } from '../domain/contracts.js';
import { HoldfastError } from '../domain/errors.js';
import type { CommandContext } from './context.js';

/** `holdfast alert test`: one alert to every channel, and whether it took it. Needs no Temporal. */
export async function alertTestCommand({ config, output }: CommandContext): Promise<number> {
  const channels = channelsOf(config);
  if (channels.length === 0) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'send a test alert',
      cause: 'no channel is configured: alerts are only logged',
      remedy: 'set ALERT_ENDPOINT, or alerts.webhooks in holdfast.yaml',
    });
  }
  const alert: Alert = {
    ...{ type: 'backup_health', priority: 'info', database: '', cluster: '', host: config.host },
    message: `test: this is how an alert of Holdfast on ${config.host} arrives`,
    ...{ metrics: { test: 1 }, time: new Date().toISOString(), id: randomUUID() },
  };
  const results = [];
  for (const channel of channels) {
    const problem = await channel.send(alert).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof HoldfastError) return error;
        throw error;
      },
    );
    if (problem) output.fail(`${problem.message}\n→ ${problem.remedy}`);
    else output.success(`${channel.name} took it`);
    results.push({
      channel: channel.name,
      delivered: !problem,
      ...(problem && { problem: problem.message }),
    });
  }
  if (output.json) output.printJson({ id: alert.id, channels: results });
  return results.every(({ delivered }) => delivered) ? 0 : 1;
}
