import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRedactor, mask } from '../src/redact.js';

const canary = 'Canary-1';

test('a secret is removed wherever it stands in text', () => {
  const redact = createRedactor([canary]);
  expect(redact(`a ${canary} b${canary}c`)).toBe(`a ${mask} b${mask}c`);
});

test('a secret is removed in any structure, keys, errors and their causes included', () => {
  const redact = createRedactor([canary]);
  class ToolError extends Error {
    readonly stderr = `FATAL: ${canary}`;
  }
  const cyclic: Record<string, unknown> = { canary };
  cyclic.self = cyclic;
  const everything = {
    nested: [{ deep: { text: `x${canary}` } }],
    [`key ${canary}`]: 1,
    error: new ToolError(canary, { cause: new Error('inner', { cause: `${canary}` }) }),
    several: new AggregateError([new Error(canary)], 'several'),
    map: new Map([[canary, new Set([canary])]]),
    url: new URL(`https://h/?t=${canary}`),
    bytes: Buffer.from(canary),
    cyclic,
    kept: { number: 1, no: null, yes: true, date: new Date(0), big: 10n },
  };
  const text = JSON.stringify(redact.value(everything));
  expect(text).not.toMatch(/canary-1/i);
  expect(JSON.parse(text)).toMatchObject({
    error: { name: 'Error', stderr: `FATAL: ${mask}`, cause: { message: 'inner', cause: mask } },
    cyclic: { self: '[circular]' },
    kept: { number: 1, no: null, yes: true, date: '1970-01-01T00:00:00.000Z', big: '10' },
  });
  expect(everything.nested).toEqual([{ deep: { text: `x${canary}` } }]);
});

const forms: [string, (secret: string) => string][] = [
  ['as it is', (secret) => secret],
  ['percent-encoded', encodeURIComponent],
  [
    'percent-encoded in lower case',
    (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  ],
  [
    'percent-encoded whole',
    (secret) => [...Buffer.from(secret)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join(''),
  ],
  ['in a form', (secret) => new URLSearchParams({ p: secret }).toString().slice(2)],
  ['in JSON', (secret) => JSON.stringify(secret).slice(1, -1)],
  ['in JSON in JSON', (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
  ['in SQL', (secret) => secret.replaceAll("'", "''")],
  ['in a conninfo', (secret) => secret.replace(/[\\']/g, '\\$&')],
  ['in .pgpass', (secret) => secret.replace(/[\\:]/g, '\\$&')],
  ['in a shell', (secret) => secret.replaceAll("'", "'\\''")],
];

test.each(forms)('a secret is removed %s', (_, encode) => {
  const secrets = fc
    .string({ unit: 'grapheme', minLength: 4, maxLength: 30 })
    .filter((s) => s.trim().length >= 4);
  fc.assert(
    fc.property(secrets, (secret) => {
      const encoded = encode(secret);
      const redacted = createRedactor([secret])(`<<${encoded}>>`);
      expect(redacted.startsWith('<<') && redacted.endsWith('>>')).toBe(true);
      expect(redacted.slice(2, -2)).toBe(mask);
    }),
    { examples: [['pä"s\\s\'w:or d%+'], ["''''"], ['\\\\\\\\'], ['a\\\\"b\n']], numRuns: 300 },
  );
});

test('a text without a secret stays as it is', () => {
  const redact = createRedactor([canary, 'x']);
  for (const text of [
    'FATAL: password authentication failed for user "shop"',
    'exit code 1 after 12x tries, see https://www.postgresql.org/docs/18/app-pgdump.html',
    'postgres://shop@db.example:5432/shop',
    'contents of table "public.password"',
    'md5 of SHA-256 0123456789abcdef0123456789abcdef',
    'token ring at 12:30, author: me@example.org',
  ]) {
    expect(redact(text)).toBe(text);
  }
});

test('a secret too short to look for is removed where it is all there is', () => {
  const redact = createRedactor(['abc', '1', '']);
  expect(redact.value({ password: 'abc', other: 'abc', count: 'attempt 1 of abcd' })).toEqual({
    password: mask,
    other: mask,
    count: 'attempt 1 of abcd',
  });
});

test('the longer of two secrets goes whole', () => {
  expect(createRedactor(['pass', 'passphrase'])('a passphrase')).toBe(`a ${mask}`);
});

test.each([
  [`postgres://shop:${canary}@db/shop`, `postgres://shop:${mask}@db/shop`],
  [`postgresql://:p@ss/${canary}@db/shop`, `postgresql://:${mask}@db/shop`],
  [`POSTGRES://u:${canary}%20@[::1]:5432/`, `POSTGRES://u:${mask}@[::1]:5432/`],
  [`https://user:${canary}@alerts.example/x`, `https://${mask}@alerts.example/x`],
  [
    `postgres://db/shop?user=u&password=${canary}&sslmode=require`,
    `postgres://db/shop?user=u&password=${mask}&sslmode=require`,
  ],
  [`host=db password=${canary} user=shop`, `host=db password=${mask} user=shop`],
  [`host=db password = '${canary} \\' more' user=shop`, `host=db password = ${mask} user=shop`],
  [`PGPASSWORD=${canary} pg_dump`, `PGPASSWORD=${mask} pg_dump`],
  [`sslpassword=${canary}`, `sslpassword=${mask}`],
  [`ALTER ROLE shop WITH PASSWORD '${canary}'' more';`, `ALTER ROLE shop WITH PASSWORD '${mask}';`],
  ['SCRAM-SHA-256$4096:c2FsdA==$a2V5:c2Vy', mask],
  [`Authorization: Basic ${canary}\nHost: h`, `Authorization: ${mask}\nHost: h`],
  [`{"authorization":"Bearer ${canary}","a":1}`, `{"authorization":"${mask}","a":1}`],
  [`Bearer ${canary}`, `Bearer ${mask}`],
  [`{"password": "${canary}\\" x", "a": 1}`, `{"password": "${mask}", "a": 1}`],
  [`TEMPORAL_API_KEY=${canary}`, `TEMPORAL_API_KEY=${mask}`],
  [`-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY----- x`, `${mask} x`],
])('%j loses its password though nobody told it', (text, redacted) => {
  expect(createRedactor([])(text)).toBe(redacted);
});

test('fields named as secrets are masked whatever they hold', () => {
  const headers = { Authorization: 'x', password: canary, api_key: canary, sslpassword: canary, tokens: 3 };
  expect(createRedactor([]).value({ headers })).toEqual({
    headers: { Authorization: mask, password: mask, api_key: mask, sslpassword: mask, tokens: 3 },
  });
});

test('redacting twice changes nothing more', () => {
  const redact = createRedactor([canary]);
  const shapes = fc.constantFrom(
    'postgres://u:',
    '@',
    'password=',
    canary,
    ' ',
    "'",
    '"',
    'Bearer ',
    'https://',
    mask,
  );
  fc.assert(
    fc.property(fc.array(shapes, { maxLength: 8 }), (parts) => {
      const once = redact(parts.join(''));
      expect(redact(once)).toBe(once);
      expect(once).not.toContain(canary);
    }),
  );
});

test('long output without a secret costs no time out of proportion', () => {
  const redact = createRedactor([`${'\\'.repeat(20)}'"`, canary, 'a'.repeat(30)]);
  const perByte = (text: string) => {
    // Its own time, whatever else the machine does.
    const begun = process.cpuUsage();
    redact(text);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  };
  for (const piece of ['a.', 'a-', 'aA_', '\\', 'password', '://', "'", '{"a":']) {
    const short = Math.max(perByte(piece.repeat(10_000)), perByte(piece.repeat(10_000)), 5);
    expect(perByte(piece.repeat(160_000))).toBeLessThan(short * 16 * 8);
  }
});
