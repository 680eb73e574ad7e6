import { HoldfastError } from '../domain/errors.js';
import { maskUrl, secretsOfUrl } from '../mask-url.js';
import { createRedactor } from '../redact.js';

export interface RequestOptions {
  /** Ends the attempt with `Cancelled`. */
  signal?: AbortSignal;
  /** For the whole exchange. @defaultValue 10000 */
  timeoutMs?: number;
}

export interface HttpRequest {
  url: string;
  method: 'GET' | 'POST';
  body?: { text: string; contentType: string };
  /** What is attempted with the masked URL, as in `send alert "disk_space" to`. */
  attempted: string;
  remedy: string;
}

/**
 * One HTTP request that nobody answers for but its status. Whoever calls tries again.
 *
 * @throws HoldfastError `AlertNotDelivered` unless the answer is 2xx and comes in time; `AlertRefused` where the answer
 * is that the same request will not be taken later either
 */
export async function request(asked: HttpRequest, options: RequestOptions = {}): Promise<void> {
  const { signal, timeoutMs = 10_000 } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
  let refusal: { type: Failure; cause: string } | undefined;
  try {
    const response = await exchange(asked, both);
    if (response.ok) await response.body?.cancel();
    else {
      const { status, statusText } = response;
      const cause = `it answered ${status} ${statusText}${await excerpt(response)}`;
      refusal = { type: isFinal(status) ? 'AlertRefused' : 'AlertNotDelivered', cause };
    }
  } catch (error) {
    if (signal?.aborted) throw failed('Cancelled', asked, 'cancelled', error);
    const cause = timeout.aborted ? `no answer within ${timeoutMs} ms` : causeOf(error);
    throw failed('AlertNotDelivered', asked, cause, error);
  }
  if (refusal !== undefined) throw failed(refusal.type, asked, refusal.cause);
}

type Failure = 'AlertNotDelivered' | 'AlertRefused';

/** Those of 4xx that ask for another try: timeout, too early, too many. */
const passing = new Set([408, 425, 429]);

/** Redirects too: where one leads is for whoever wrote the URL to say. */
function isFinal(status: number): boolean {
  return status >= 300 && status < 500 && !passing.has(status);
}

function exchange({ url: asked, method, body }: HttpRequest, signal: AbortSignal): Promise<Response> {
  const { url, authorization } = apart(asked);
  return fetch(url, {
    method,
    headers: {
      'user-agent': 'holdfast',
      ...authorization,
      ...(body && { 'content-type': body.contentType }),
    },
    ...(body && { body: body.text }),
    // Followed, most redirects would turn the POST into a GET, whose success tells nobody anything.
    redirect: 'manual',
    signal,
  });
}

/** `fetch` refuses a URL with user and password in it; they go into the header that they stand for. */
function apart(asked: string): { url: URL; authorization: { authorization?: string } } {
  const url = new URL(asked);
  if (!url.username && !url.password) return { url, authorization: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, authorization: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } };
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

function failed(
  type: Failure | 'Cancelled',
  { url, attempted, remedy }: HttpRequest,
  cause: string,
  error?: unknown,
): HoldfastError {
  const redact = createRedactor(secretsOfUrl(url));
  const story = {
    attempted: `${attempted} ${maskUrl(url)}`,
    cause: redact(cause),
    ...(type !== 'Cancelled' && { remedy }),
  };
  return new HoldfastError(type, story, error === undefined ? {} : { cause: error });
}
