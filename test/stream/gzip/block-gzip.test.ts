import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockGzip } from '../../../src/stream/gzip/block-gzip.js';
import { gunzipMembers } from '../../../src/stream/gzip/gunzip.js';

const mebibyte = 1024 * 1024;

async function* inPieces(data: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += pieceBytes) yield data.subarray(at, at + pieceBytes);
}

async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const options = { level: 6, threads: 2 };
const gunzipProgram = (input: Buffer) => execFileSync('gunzip', ['-c'], { input, maxBuffer: 64 * mebibyte });

/** Data of some MiB, compressible or not, from few random numbers. */
const data = fc
  .record({
    bytes: fc.nat(3 * mebibyte + 100),
    random: fc.boolean(),
    seed: fc.uint8Array({ maxLength: 50, minLength: 1 }),
  })
  .map(({ bytes, random, seed }) => (random ? randomBytes(bytes) : Buffer.alloc(bytes, seed)));

test('gunzip gives back what was compressed, whatever its size and however it came', async () => {
  const property = fc.asyncProperty(
    data,
    fc.integer({ min: 1000, max: 2 * mebibyte }),
    async (bytes, pieceBytes) => {
      const compressed = await all(blockGzip(inPieces(bytes, pieceBytes), options));
      expect(gunzipProgram(compressed).equals(bytes)).toBe(true);
      expect((await all(gunzipMembers(inPieces(compressed, pieceBytes), 2))).equals(bytes)).toBe(true);
    },
  );
  await fc.assert(property, { numRuns: 25, examples: [[Buffer.alloc(2 * mebibyte, 'x'), mebibyte]] });
});

test('of nothing it makes one empty member', async () => {
  const compressed = await all(blockGzip(inPieces(Buffer.alloc(0), 1), options));
  expect(gunzipProgram(compressed)).toHaveLength(0);
  expect(compressed.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
});

test('each member says the size of its deflated data, as MiGz has it', async () => {
  const compressed = await all(blockGzip(inPieces(randomBytes(2.5 * mebibyte), 70_000), options));
  let rest = compressed;
  const sizes: number[] = [];
  while (rest.length > 0) {
    expect(rest.toString('latin1', 12, 14)).toBe('MZ');
    const size = 20 + rest.readUInt32LE(16) + 8;
    sizes.push(gunzipSync(rest.subarray(0, size)).length);
    rest = rest.subarray(size);
  }
  expect(sizes).toEqual([mebibyte, mebibyte, mebibyte / 2]);
});

test('no more than a few blocks are read ahead of a slow consumer', async () => {
  let readBytes = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      readBytes += mebibyte;
      yield Buffer.alloc(mebibyte);
    }
  }
  const compressed = blockGzip(endless(), options);
  await compressed.next();
  await delay(200);
  expect(readBytes).toBeLessThanOrEqual(4 * mebibyte);
  await compressed.return(undefined);
});

test('a block does not wait for those that come after it', async () => {
  let resume = () => {};
  async function* slow(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(mebibyte);
    await new Promise<void>((resolve) => {
      resume = resolve;
    });
    yield Buffer.alloc(10);
  }
  const compressed = blockGzip(slow(), options);
  const first = await compressed.next();
  expect(gunzipSync(first.value as Buffer)).toHaveLength(mebibyte);
  resume();
  expect(gunzipSync((await compressed.next()).value as Buffer)).toHaveLength(10);
  expect(await compressed.next()).toMatchObject({ done: true });
});

test('who leaves while the source is waited for is not held up by it', async () => {
  async function* stuck(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(mebibyte);
    await new Promise(() => {});
  }
  const compressed = blockGzip(stuck(), options);
  await compressed.next();
  expect(await compressed.return(undefined)).toMatchObject({ done: true });
});

test('an error of the source is its error', async () => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(3 * mebibyte);
    throw new Error('source failed');
  }
  await expect(all(blockGzip(failing(), options))).rejects.toThrow('source failed');
});
