import { randomUUID } from 'node:crypto';
import { type AlertChannel, channelsOf } from '../../alerting/channels.js';
import { isUndelivered } from '../../alerting/undelivered.js';
import type { Config } from '../../config/config.js';
import type { Alert } from '../../domain/alert.js';
import { describeRoutes, unheard } from '../../domain/alert-routes.js';
import { HoldfastError } from '../../domain/errors.js';
import type { CommandContext } from '../context.js';
import { printable } from '../output/format.js';
import { renderTable } from '../output/table.js';

/** `holdfast alert test [CHANNEL]`: one alert to every channel, or to one, and whether it took it. Needs no Temporal. */
export async function alertTestCommand(
  { config, output }: CommandContext,
  name: string | undefined,
): Promise<number> {
  const alert = testAlert(config.host);
  const results = [];
  for (const channel of chosen(config, name)) {
    const result = await send(channel, alert);
    const shown = printable(`${channel.key} (${channel.name})`);
    if (result.error) output.fail(`${shown}: ${result.error.message}\n→ ${result.error.remedy}`);
    else if (result.note) output.warn(`${shown}: ${printable(result.note)}`);
    else output.success(`${shown} took it`);
    results.push({
      ...{ channel: channel.key, name: channel.name, delivered: !result.error },
      ...{ gets: describeRoutes(channel.key, config.routes) },
      ...(result.error && { problem: result.error.message, retryable: result.error.retryable }),
      ...(result.note && { note: result.note }),
    });
  }
  const lost = unheardOf(config);
  if (output.json) output.printJson({ id: alert.id, channels: results, unheard: lost });
  else output.print(renderTable(['CHANNEL', 'GETS'], results.map(row), {}));
  for (const what of lost)
    output.warn(`critical alerts of ${printable(what)} reach nobody, by alerts.routes`);
  return results.every(({ delivered, note }) => delivered && note === undefined) ? 0 : 1;
}

function chosen(config: Config, name: string | undefined): AlertChannel[] {
  const channels = channelsOf(config);
  const attempted = name === undefined ? 'send a test alert' : `send a test alert to channel "${name}"`;
  if (channels.length === 0) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted,
      cause: 'no channel is configured: alerts are only logged',
      remedy: 'set ALERT_ENDPOINT or SMTP_HOST, or alerts.webhooks in holdfast.yaml',
    });
  }
  const found = channels.filter(({ key }) => name === undefined || key === name);
  if (found.length > 0) return found;
  throw new HoldfastError('ConfigurationInvalid', {
    ...{ attempted, cause: 'there is no such channel' },
    remedy: `name one of ${channels.map(({ key }) => key).join(', ')}`,
  });
}

function testAlert(host: string): Alert {
  return {
    ...{ type: 'backup_health', priority: 'info', database: '', cluster: '', host },
    message: `test: this is how an alert of Holdfast on ${host} arrives`,
    remedy: 'nothing: somebody has tried whether alerts arrive',
    ...{ metrics: { test: 1 }, time: new Date().toISOString(), id: randomUUID() },
  };
}

async function send(channel: AlertChannel, alert: Alert): Promise<{ error?: HoldfastError; note?: string }> {
  try {
    const note = await channel.send(alert);
    return note === undefined ? {} : { note };
  } catch (error) {
    if (isUndelivered(error)) return { error };
    throw error;
  }
}

function row({ channel, gets }: { channel: string; gets: string }): string[] {
  return [channel, gets];
}

/** Clusters and databases that holdfast.yaml names, and whose worst alerts no channel takes. */
function unheardOf(config: Config): string[] {
  const keys = channelsOf(config).map(({ key }) => key);
  const places = Object.values(config.clusters).flatMap(({ name, databases }) =>
    ['', ...Object.keys(databases)].map((database) => ({ cluster: name, database })),
  );
  return places
    .filter((place) => unheard(place, keys, config.routes))
    .map(({ cluster, database }) =>
      database === '' ? `cluster ${cluster}` : `database ${cluster}/${database}`,
    );
}
