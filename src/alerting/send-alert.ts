import type { Alert } from '../domain/contracts.js';
import { HoldfastError } from '../domain/errors.js';
import { maskUrl, secretsOfUrl } from '../mask-url.js';
import { createRedactor } from '../redact.js';

export interface SendAlertOptions {
  /** Ends the attempt with `Cancelled`. */
  signal?: AbortSignal;
  /** For the whole exchange. @defaultValue 10000 */
  timeoutMs?: number;
}

/**
 * POSTs one alert as JSON. Whoever calls tries again.
 *
 * @throws HoldfastError `AlertNotDelivered` unless the endpoint answers 2xx in time
 */
export async function sendAlert(
  endpoint: string,
  alert: Alert,
  options: SendAlertOptions = {},
): Promise<void> {
  const { signal, timeoutMs = 10_000 } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
  let refusal: string | undefined;
  try {
    const response = await post(endpoint, alert, both);
    if (response.ok) await response.body?.cancel();
    else refusal = `it answered ${response.status} ${response.statusText}${await excerpt(response)}`;
  } catch (error) {
    if (signal?.aborted) throw cancelled(endpoint, alert, error);
    throw notDelivered(
      endpoint,
      alert,
      timeout.aborted ? `no answer within ${timeoutMs} ms` : causeOf(error),
      error,
    );
  }
  if (refusal !== undefined) throw notDelivered(endpoint, alert, refusal);
}

function post(endpoint: string, alert: Alert, signal: AbortSignal): Promise<Response> {
  const { url, authorization } = apart(endpoint);
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'holdfast', ...authorization },
    body: JSON.stringify(toJson(alert)),
    // Followed, most redirects would turn the POST into a GET, whose success tells nobody anything.
    redirect: 'manual',
    signal,
  });
}

/** `fetch` refuses a URL with user and password in it; they go into the header that they stand for. */
function apart(endpoint: string): { url: URL; authorization: { authorization?: string } } {
  const url = new URL(endpoint);
  if (!url.username && !url.password) return { url, authorization: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, authorization: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } };
}

/** In the order in which a person reads them. */
function toJson({ type, priority, message, database, cluster, host, metrics, time }: Alert): Alert {
  return { type, priority, message, database, cluster, host, metrics, time };
}

const excerptLength = 200;

/** The beginning of what the endpoint says is wrong. */
async function excerpt(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  const text = new TextDecoder().decode(first?.value).replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `: ${text.slice(0, excerptLength)}`;
}

/** `fetch failed` says nothing; its causes do. */
function causeOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(causeOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : causeOf(error.cause);
}

function notDelivered(endpoint: string, alert: Alert, cause: string, error?: unknown): HoldfastError {
  const redact = createRedactor(secretsOfUrl(endpoint));
  const story = {
    attempted: `send alert "${alert.type}" to ${maskUrl(endpoint)}`,
    cause: redact(cause),
    remedy: 'check ALERT_ENDPOINT and that the service behind it runs',
  };
  return new HoldfastError('AlertNotDelivered', story, error === undefined ? {} : { cause: error });
}

function cancelled(endpoint: string, alert: Alert, error: unknown): HoldfastError {
  const attempted = `send alert "${alert.type}" to ${maskUrl(endpoint)}`;
  return new HoldfastError('Cancelled', { attempted, cause: 'cancelled' }, { cause: error });
}
