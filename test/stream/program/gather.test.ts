import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gather } from '../../../src/stream/program/gather.js';

/** Portions as they came; each is only good until the next. */
async function portionsOf(source: Readable, portionBytes: number): Promise<Buffer[]> {
  const portions: Buffer[] = [];
  for await (const portion of gather(source, { portionBytes })) portions.push(Buffer.from(portion));
  return portions;
}

test('whatever comes in whatever pieces is given whole, in portions of the size that was asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 500 }),
      async (pieces, portionBytes) => {
        const chunks = pieces.map((piece) => Buffer.from(piece));
        const portions = await portionsOf(Readable.from(chunks, { objectMode: false }), portionBytes);
        expect(Buffer.concat(portions).equals(Buffer.concat(chunks))).toBe(true);
        for (const portion of portions.slice(0, -1)) expect(portion.length).toBe(portionBytes);
      },
    ),
  );
});

test('what little there is does not wait for more to come', async () => {
  const source = new PassThrough();
  const portions = gather(source, { patienceMs: 10 });
  source.write('first');
  expect((await portions.next()).value?.toString()).toBe('first');
  source.end('second');
  expect((await portions.next()).value?.toString()).toBe('second');
  expect((await portions.next()).done).toBe(true);
});

test('a writer that is faster than the reader has to wait', async () => {
  let given = 0;
  const source = new Readable({
    highWaterMark: 1000,
    read() {
      given += 1000;
      this.push(Buffer.alloc(1000));
    },
  });
  const portions = gather(source, { portionBytes: 5000 });
  await portions.next();
  await delay(50);
  expect(given).toBeLessThan(20_000);
  await portions.return(undefined);
  expect(source.destroyed).toBe(true);
});

test('a stream that fails, or is closed before its end, is not taken for one that ended', async () => {
  for (const failure of [new Error('the disk is gone'), undefined]) {
    const source = new PassThrough();
    source.write('a part');
    const portions = portionsOf(source, 1000);
    source.destroy(failure);
    await expect(portions).rejects.toThrow(failure?.message ?? 'Premature close');
  }
});

test('what a program had written when it ended is given whole to a reader that is slower', async () => {
  const child = spawn('seq', ['30000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const portions: Buffer[] = [];
  for await (const portion of gather(child.stdout, { portionBytes: 10_000 })) {
    portions.push(Buffer.from(portion));
    // Node lets its output flow from here on.
    await ended;
    await delay(1);
  }
  const numbers = Array.from({ length: 30_000 }, (_, index) => `${index + 1}\n`);
  expect(Buffer.concat(portions).toString()).toBe(numbers.join(''));
});
