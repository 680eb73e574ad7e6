import type { Alert } from '../domain/alert.js';
import { type RequestOptions, request } from './http-request.js';

/**
 * POSTs one alert as JSON. Whoever calls tries again.
 *
 * @throws HoldfastError `AlertNotDelivered` unless the endpoint answers 2xx in time, or `AlertRefused`
 */
export async function sendAlert(endpoint: string, alert: Alert, options: RequestOptions = {}): Promise<void> {
  const asked = {
    url: endpoint,
    method: 'POST',
    body: { text: JSON.stringify(toJson(alert)), contentType: 'application/json' },
    attempted: `send alert "${alert.type}" to`,
    remedy: 'check ALERT_ENDPOINT and that the service behind it runs',
  } as const;
  await request(asked, options);
}

/** In the order in which a person reads them. */
function toJson({ type, priority, message, remedy, ...rest }: Alert): Alert {
  const { database, cluster, host, metrics, time, id } = rest;
  const told = { type, priority, message, ...(remedy !== undefined && { remedy }) };
  return { ...told, database, cluster, host, metrics, time, id };
}
