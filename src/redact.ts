import { mask } from './mask-url.js';

export { secretsOf } from './config/secrets.js';
export { mask };

/** Removes secrets from text, and with `value` from all strings of a structure. */
export interface Redactor {
  (text: string): string;
  /** A copy fit for JSON: errors become plain objects with their causes, cycles `[circular]`. */
  value(value: unknown): unknown;
}

/**
 * Below this length a secret is not looked for inside of other text: masking every `a` would ruin the text and
 * tell what was masked. It is still removed where it is a whole string, and where only a password can stand.
 */
const shortestSought = 4;

/** Makes a {@link Redactor} for these secrets; passwords in URLs, settings and headers go whether listed or not. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = [...new Set(secrets)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  const sought = known.filter((secret) => secret.length >= shortestSought).map(anyFormOf);
  const whole = new Set(known);
  const pattern = sought.length > 0 ? new RegExp(sought.join('|'), 'gu') : undefined;

  const redact = (text: string): string => {
    if (whole.has(text)) return mask;
    const withoutKnown = pattern ? text.replace(pattern, mask) : text;
    return credentialShapes.reduce(
      (rest, [shape, replacement]) => rest.replace(shape, replacement),
      withoutKnown,
    );
  };
  return Object.assign(redact, { value: (value: unknown) => redactValue(value, redact, []) });
}

/** A pattern for a secret as it is, percent-encoded, or escaped as in JSON, SQL, `.pgpass`, a shell or a conninfo. */
function anyFormOf(secret: string): string {
  const parts = secret.match(/\\+|./gsu) ?? [];
  return parts.map((part, index) => anyFormOfPart(part, parts[index - 1])).join('');
}

const named: Record<string, string> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' };

/** `part` is one character, or several backslashes: of these, escaping makes any number. */
function anyFormOfPart(part: string, before: string | undefined): string {
  const percent = [...new TextEncoder().encode(part)].map((byte) => `%${hex(byte, 2)}`).join('');
  if (part.startsWith('\\')) return `(?:\\\\{1,${8 * part.length}}|${percent})`;
  if (/^[a-zA-Z0-9]$/.test(part)) return `(?:${part}|${percent})`;
  const escapes = before?.startsWith('\\') ? '' : '\\\\{0,4}';
  const forms = [percent, `${escapes}${literal(part)}`];
  if (part === "'") forms.unshift("'\\\\''", "''");
  if (part === ' ') forms.push('\\+');
  const name = named[part];
  if (name) forms.push(`\\\\{1,4}${name}`);
  if (!/^[\x20-\x7e]$/.test(part)) forms.push(unicodeEscape(part));
  return `(?:${forms.join('|')})`;
}

function unicodeEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\\\{1,4}u${hex(unit, 4)}`).join('');
}

/** Hexadecimal digits in either case. */
function hex(value: number, digits: number): string {
  const text = value.toString(16).padStart(digits, '0');
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

/** Where a password or key can stand, whether anybody told us of it or not. */
const credentialShapes: [RegExp, string][] = [
  [/(\bpostgres(?:ql)?:\/\/[^\s:/?#@]*):[^\s"'<>]*@/gi, `$1:${mask}@`],
  [/(\b(?!postgres(?:ql)?:)[a-z][a-z0-9+.-]{0,20}:\/\/)(?!\*{8})[^\s/?#@"'<>]+@/gi, `$1${mask}@`],
  [/(\b(?:ssl|pg)?passw(?:or)?d\s*=\s*)'(?:[^'\\]|\\.)*'?/gi, `$1${mask}`],
  [/(\b(?:ssl|pg)?passw(?:or)?d\s*=\s*)(?!\*{8})[^\s&;,"']+/gi, `$1${mask}`],
  [/(\bpassword\s+)'(?:[^']|'')*'/gi, `$1'${mask}'`],
  [
    /("?\b[\w-]{0,40}(?:password|passphrase|secret|api[_-]?key)\b\\?"\s*:\s*\\?")(?:[^"\\]|\\.)*/gi,
    `$1${mask}`,
  ],
  [/(\b[A-Z][A-Z0-9_]{0,60}(?:PASSWORD|PASSPHRASE|SECRET|TOKEN|API_KEY)=)[^\s;,]+/g, `$1${mask}`],
  [/(\b(?:proxy-)?authorization\b\\?["']?\s*[:=]\s*\\?["']?)[^\r\n"'\\]+/gi, `$1${mask}`],
  [/(\bbearer\s+)[a-z0-9._~+/=-]{6,}/gi, `$1${mask}`],
  [/\bSCRAM-SHA-256\$[^\s'"]+/g, mask],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, mask],
  [/\bAGE-SECRET-KEY-1[A-Z0-9]+/gi, mask],
];

const secretKey =
  /^(?:(?:pg|ssl)?password|passwd|passphrase|secret|token|api_?key|(?:proxy-)?authorization)$/i;

function redactValue(value: unknown, redact: (text: string) => string, parents: readonly object[]): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (parents.includes(value)) return '[circular]';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return redact(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const within = [...parents, value];
  const inner = (item: unknown) => redactValue(item, redact, within);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Map) return inner(Object.fromEntries(value));
  if (value instanceof Set) return inner([...value]);
  const entries = value instanceof Error ? Object.entries(plainError(value)) : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]) => [
      redact(key),
      secretKey.test(key) && typeof item === 'string' ? mask : inner(item),
    ]),
  );
}

function plainError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause, ...own } = error;
  const several = error instanceof AggregateError ? { errors: error.errors } : {};
  return { name, message, ...own, ...several, stack, ...(cause !== undefined && { cause }) };
}
