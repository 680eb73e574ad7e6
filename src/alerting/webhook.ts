import type { WebhookConfig } from '../config/config.js';
import type { Alert } from '../domain/alert.js';
import { type RequestOptions, request } from './http-request.js';

/**
 * POSTs one alert in the form that a service asks for.
 *
 * @throws HoldfastError `AlertNotDelivered` unless the service answers 2xx in time, or `AlertRefused`
 */
export async function sendToWebhook(
  { url, template, contentType }: WebhookConfig,
  alert: Alert,
  options: RequestOptions = {},
): Promise<void> {
  const asked = {
    url,
    method: 'POST',
    body: { text: renderTemplate(template, alert, contentType), contentType },
    attempted: `send alert "${alert.type}" to`,
    remedy: 'check alerts.webhooks in holdfast.yaml and that the service behind it runs',
  } as const;
  await request(asked, options);
}

/** A template with an alert's values; within JSON they are escaped as the inside of a string is. */
export function renderTemplate(template: string, alert: Alert, contentType: string): string {
  const isJson = /\bjson\b/.test(contentType);
  const values = { remedy: '', ...alert };
  return template.replace(/\{\{(\w+)\}\}/g, (whole, field: string) => {
    if (!Object.hasOwn(values, field)) return whole;
    const value = values[field as keyof Alert];
    // An object stands for itself, outside of quotes.
    if (typeof value !== 'string') return JSON.stringify(value);
    return isJson ? JSON.stringify(value).slice(1, -1) : value;
  });
}
