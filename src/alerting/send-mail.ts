import { readFile } from 'node:fs/promises';
import nodemailer from 'nodemailer';
import type { MailConfig } from '../config/config.js';
import type { Alert } from '../domain/alert.js';
import { HoldfastError } from '../domain/errors.js';
import { createRedactor } from '../redact.js';
import type { RequestOptions } from './http-request.js';
import { mailTextOf } from './mail-text.js';

/**
 * Hands one alert to a mail server, in one session. Whoever calls tries again: the Message-ID is the alert's, so that a
 * mail that comes twice can be told from another.
 *
 * @returns which recipients the server refused, where it took others
 * @throws HoldfastError `AlertNotDelivered` unless the server takes it in time; `AlertRefused` where it answers 5xx, as to
 * a wrong password or recipient; `Cancelled`
 */
export async function sendMail(
  mail: MailConfig,
  alert: Alert,
  { signal, timeoutMs = 10_000 }: RequestOptions = {},
): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const transport = await transportTo(mail, timeoutMs);
    const info = await transport.sendMail({ ...messageOf(mail, alert), signal: both });
    return refusedIn(info);
  } catch (error) {
    if (signal?.aborted) throw failed('Cancelled', mail, alert, 'cancelled', error);
    if (timeout.aborted) {
      const cause = `no answer within ${timeoutMs} ms`;
      throw failed('AlertNotDelivered', mail, alert, cause, error);
    }
    const type = isFinal(error) ? 'AlertRefused' : 'AlertNotDelivered';
    throw failed(type, mail, alert, causeOf(error), error);
  }
}

async function transportTo({ host, port, tls, caFile, user, password }: MailConfig, timeoutMs: number) {
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  return nodemailer.createTransport({
    ...{ host, port, secure: tls === 'tls', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    // A server that offers no login is not the one that was meant.
    ...(user !== undefined && { auth: { user, pass: password ?? '' }, forceAuth: true }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    dnsTimeout: timeoutMs,
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
}

function messageOf({ from, to }: MailConfig, alert: Alert) {
  const urgent = alert.priority === 'critical' || alert.priority === 'high';
  return {
    ...{ from, to, ...mailTextOf(alert), date: new Date(alert.time) },
    messageId: `<${alert.id}@${from.replace(/^.*@|>$/g, '')}>`,
    headers: {
      // No answers from absent people, and none of their mailboxes' loops.
      'Auto-Submitted': 'auto-generated',
      'X-Holdfast-Alert-Id': alert.id,
      'X-Holdfast-Type': alert.type,
    },
    ...(urgent && { priority: 'high' as const }),
  };
}

function refusedIn(info: {
  rejected?: unknown[] | undefined;
  rejectedErrors?: unknown[] | undefined;
}): string | undefined {
  if (!info.rejected || info.rejected.length === 0) return undefined;
  const reasons = (info.rejectedErrors ?? []).map(causeOf).join('; ');
  return `the mail server took the alert, but not for ${info.rejected.map(String).join(', ')}: ${reasons}`;
}

/** 5xx is an answer for good; 4xx, and everything below SMTP, may pass. */
function isFinal(error: unknown): boolean {
  const { responseCode } = error as { responseCode?: unknown };
  return typeof responseCode === 'number' && responseCode >= 500 && responseCode < 600;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { response } = error as { response?: unknown };
  const { errors } = error as { errors?: unknown };
  if (error instanceof AggregateError && Array.isArray(errors)) return errors.map(causeOf).join('; ');
  return typeof response === 'string' && !error.message.includes(response)
    ? `${error.message}: ${response}`
    : error.message;
}

function failed(
  type: 'AlertNotDelivered' | 'AlertRefused' | 'Cancelled',
  { host, port, password, user }: MailConfig,
  alert: Alert,
  cause: string,
  error: unknown,
): HoldfastError {
  const redact = createRedactor(password === undefined ? [] : [password, authPlain(user, password)]);
  const story = {
    attempted: `send alert "${alert.type}" by mail server ${host}:${port}`,
    cause: redact(cause.replace(/\s+/g, ' ').trim()).slice(0, 400),
    ...(type !== 'Cancelled' && { remedy: remedyOf(error) }),
  };
  // The cause is not kept: it may hold what was said to the server.
  return new HoldfastError(type, story);
}

/** What is sent in place of the password. */
function authPlain(user: string | undefined, password: string): string {
  return Buffer.from(`\0${user ?? ''}\0${password}`).toString('base64');
}

function remedyOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === 'EAUTH' || code === 'ENOAUTH')
    return 'check user and password of alerts.mail in holdfast.yaml, or SMTP_USER and SMTP_PASSWORD';
  if (code === 'EENVELOPE')
    return 'check from and to of alerts.mail in holdfast.yaml, or SMTP_FROM and SMTP_TO';
  if (code === 'EMESSAGE')
    return 'check what the mail server asks of a mail, as of its sender: it runs, took the addresses, and refused the mail itself';
  if (code === 'ETLS' || code === 'ENOENT' || code === 'EACCES' || /certificate|TLS|SSL/i.test(String(error)))
    return 'check tls and caFile of alerts.mail in holdfast.yaml, or SMTP_TLS and SMTP_CA_FILE';
  return 'check host and port of alerts.mail in holdfast.yaml, or SMTP_HOST and SMTP_PORT, and that the mail server runs';
}
