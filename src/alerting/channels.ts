import { createHash } from 'node:crypto';
import type { Config } from '../config/config.js';
import type { Alert } from '../domain/contracts.js';
import { maskUrl } from '../mask-url.js';
import type { RequestOptions } from './http-request.js';
import { sendAlert } from './send-alert.js';
import { sendToWebhook } from './webhook.js';

/** A place that alerts are sent to. */
export interface AlertChannel {
  /** The same as long as its settings are; tells nothing of them. */
  readonly key: string;
  /** For people; without secrets. */
  readonly name: string;
  /** @throws HoldfastError `AlertNotDelivered`, `Cancelled` */
  send(alert: Alert, options?: RequestOptions): Promise<void>;
}

/** Every place that the settings name. */
export function channelsOf({
  alertEndpoint,
  webhooks,
}: Pick<Config, 'alertEndpoint' | 'webhooks'>): AlertChannel[] {
  const endpoint = alertEndpoint === undefined ? [] : [ofEndpoint(alertEndpoint)];
  return [
    ...endpoint,
    ...webhooks.map((webhook) => ({
      key: keyOf('webhook', webhook.url),
      name: maskUrl(webhook.url),
      send: (alert: Alert, options?: RequestOptions) => sendToWebhook(webhook, alert, options),
    })),
  ];
}

function ofEndpoint(url: string): AlertChannel {
  return {
    key: keyOf('endpoint', url),
    name: maskUrl(url),
    send: (alert, options) => sendAlert(url, alert, options),
  };
}

function keyOf(kind: string, url: string): string {
  return `${kind}-${createHash('sha256').update(url).digest('hex').slice(0, 12)}`;
}
