import type { Config } from '../config/config.js';
import type { Alert } from '../domain/alert.js';
import { type AlertRoute, channelsFor, type RoutedAlert } from '../domain/alert-routes.js';
import { maskUrl } from '../mask-url.js';
import type { RequestOptions } from './http-request.js';
import { sendAlert } from './send-alert.js';
import { sendToWebhook } from './webhook.js';

/** A place that alerts are sent to. */
export interface AlertChannel {
  /** Its name in routes. What waits for it goes where the name leads then: a wrong URL that is corrected loses nothing. */
  readonly key: string;
  /** For people; without secrets. */
  readonly name: string;
  /**
   * @returns what should be known although the alert was taken
   * @throws HoldfastError `AlertNotDelivered`, `AlertRefused`, `Cancelled`
   */
  send(alert: Alert, options?: RequestOptions): Promise<string | undefined>;
}

/** What of the settings says where alerts go. */
export type AlertPlaces = Pick<Config, 'alertEndpoint' | 'webhooks' | 'mail'>;

/** Every place that the settings name. */
export function channelsOf({ alertEndpoint, webhooks, mail }: AlertPlaces): AlertChannel[] {
  const endpoint = alertEndpoint === undefined ? [] : [ofEndpoint(alertEndpoint)];
  return [...endpoint, ...webhooks.map(ofWebhook), ...(mail ? [ofMail(mail)] : [])];
}

/** The keys of the channels that an alert goes to. */
export function keysFor(alert: RoutedAlert, places: AlertPlaces, routes: readonly AlertRoute[]): string[] {
  const keys = channelsOf(places).map(({ key }) => key);
  return channelsFor(alert, keys, routes);
}

function ofEndpoint(url: string): AlertChannel {
  return {
    ...{ key: 'endpoint', name: maskUrl(url) },
    async send(alert, options) {
      await sendAlert(url, alert, options);
      return undefined;
    },
  };
}

function ofWebhook(webhook: Config['webhooks'][number]): AlertChannel {
  return {
    ...{ key: webhook.name, name: maskUrl(webhook.url) },
    async send(alert, options) {
      await sendToWebhook(webhook, alert, options);
      return undefined;
    },
  };
}

function ofMail(mail: NonNullable<Config['mail']>): AlertChannel {
  return {
    ...{ key: 'mail', name: `${mail.to.join(', ')} by ${mail.host}:${mail.port}` },
    async send(alert, options) {
      // Its library is loaded only where there is a mail to send.
      const { sendMail } = await import('./send-mail.js');
      return sendMail(mail, alert, options);
    },
  };
}
