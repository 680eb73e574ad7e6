import { HoldfastError } from '../domain/errors.js';
import { mask, maskUrl } from '../mask-url.js';
import { createRedactor, type Redactor } from '../redact.js';

/** One wrong setting. */
export interface Problem {
  /** As it was written: `RETENTION_DAYS`, `clusters.shop.connection.port`. */
  field: string;
  /** What it was set to; undefined where no value is to blame. */
  value?: unknown;
  /** What is wrong, where it is not the value. */
  complaint?: string;
  allowed: string;
  /** `environment`, `/path/.env`, `/path/holdfast.yaml:12`. */
  origin: string;
}

/** All wrong settings in one error, a line each; none shows one of `secrets`, even in the wrong place. */
export function configurationInvalid(
  problems: readonly Problem[],
  secrets: readonly string[] = [],
): HoldfastError {
  const redact = createRedactor(secrets);
  const lines = [
    ...new Map(problems.map((problem) => [problemKey(problem), describe(problem, redact)])).values(),
  ];
  const [only = ''] = lines;
  return new HoldfastError('ConfigurationInvalid', {
    attempted: 'read the settings',
    cause: lines.length === 1 ? only : [`${lines.length} are wrong`, ...lines].join('\n'),
    remedy: 'correct what is listed; `holdfast config schema` prints everything that holdfast.yaml allows',
  });
}

function problemKey({ field, origin }: Problem): string {
  return `${field}\n${origin}`;
}

function describe({ field, value, complaint, allowed, origin }: Problem, redact: Redactor): string {
  const had = value === undefined ? [] : [`had ${showValue(field, value, redact)}`];
  const parts = [...(complaint ? [complaint] : []), ...had, `allowed: ${allowed}`, `read from ${origin}`];
  return `${escaped(field)}: ${parts.join('; ')}`;
}

const secretField = /pass|pwd|secret|token|credential|(?:^|[._])(?:api_?)?key$/i;
const harmless = /passfile$/i;
const longestShown = 60;

/** A value fit to be shown: no secret's, no long one, nothing that drives a terminal. */
function showValue(field: string, value: unknown, redact: Redactor): string {
  if (secretField.test(field) && !harmless.test(field)) return mask;
  if (typeof value === 'object')
    return value === null ? 'nothing' : Array.isArray(value) ? 'a list' : 'a map';
  if (typeof value !== 'string') return String(value);
  const shown = redact(value.includes('://') ? maskUrl(value) : value);
  return JSON.stringify(shown.length > longestShown ? `${shown.slice(0, longestShown)}…` : shown);
}

function escaped(field: string): string {
  return JSON.stringify(field).slice(1, -1);
}
