import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ProgramMessages } from '../../../src/postgres/program/messages.js';

async function read(...chunks: (string | Buffer)[]): Promise<{ messages: ProgramMessages; steps: string[] }> {
  const steps: string[] = [];
  const messages = new ProgramMessages((text) => steps.push(text));
  await messages.read(Readable.from(chunks.map((chunk) => Buffer.from(chunk))));
  return { messages, steps };
}

test('steps are told in the program’s words, whatever way the bytes come', async () => {
  const text = 'pg_dump: reading schemas\npg_dump: dumping contents of table "public.bücher"\n';
  const { steps } = await read(...[...Buffer.from(text)].map((byte) => Buffer.from([byte])));
  expect(steps).toEqual(['reading schemas', 'contents of table "public.bücher"']);
});

test('an error keeps its details and its further lines', async () => {
  const { messages } = await read(
    'pg_dump: reading x\npg_dump: error: query failed: ERROR:  no\nCONTEXT:  here\npg_dump: detail: Query was: SELECT',
  );
  expect(messages.lastWords).toBe('query failed: ERROR:  no CONTEXT:  here Query was: SELECT');
});

test('warnings are kept apart from errors', async () => {
  const { messages } = await read(
    'pg_dump: warning: subscriptions not dumped\npg_dump: hint: ask\npg_dump: done\n',
  );
  expect(messages.warnings).toEqual(['subscriptions not dumped', 'ask']);
  expect(messages.errors).toEqual([]);
});

test('a program that dies without an error leaves its last lines', async () => {
  const { messages } = await read(
    'pg_dump: reading a\n/bin/pg_dump: error while loading shared libraries: libpq\n',
  );
  expect(messages.lastWords).toBe(
    'pg_dump: reading a /bin/pg_dump: error while loading shared libraries: libpq',
  );
  expect((await read()).messages.lastWords).toBeUndefined();
});

test('however much is said, little is kept: the first error and the last ones', async () => {
  const line = (n: number) => `pg_dump: error: no ${n} ${'x'.repeat(10_000)}\n`;
  const { messages } = await read(...Array.from({ length: 2_000 }, (_, n) => line(n)), 'y'.repeat(1_000_000));
  expect(messages.errors[0]).toMatch(/^no 0 /);
  expect(messages.errors.at(-2)).toMatch(/^no 1999 /);
  expect(messages.lastWords?.length).toBeLessThan(6_000);
});
