import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decompressorOf } from '../../../src/stream/compression/decompress.js';
import { decompressInto } from '../../../src/stream/compression/decompress-into.js';
import { FilterFailed, type FilterProgram } from '../../../src/stream/program/filter-program.js';

const plain = Buffer.from(Array.from({ length: 200_000 }, (_, at) => `row ${at}\n`).join(''));
const signal = new AbortController().signal;

const gzip = (): Promise<FilterProgram> => decompressorOf('gzip');

async function* portions(bytes: Buffer, end?: () => void): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
  end?.();
}

/** A reader of what is decompressed. */
function reader(...command: string[]): ChildProcessByStdio<Writable, Readable, null> {
  const [file = '', ...args] = command;
  return spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

test('the reader gets all of it, and its end', async () => {
  const sum = reader('cksum');
  const expected = reader('cksum');
  expected.stdin.end(plain);
  const [found, wanted] = [text(sum.stdout), text(expected.stdout)];
  expect(await decompressInto(await gzip(), portions(gzipSync(plain)), sum.stdin, signal)).toBe(true);
  expect(await found).toBe(await wanted);
});

test('a reader that ends early is told as that, and the rest is not asked for', async () => {
  const head = reader('head', '-c', '5');
  const told = text(head.stdout);
  let isAsked = false;
  const source = portions(gzipSync(plain, { level: 0 }), () => {
    isAsked = true;
  });
  expect(await decompressInto(await gzip(), source, head.stdin, signal)).toBe(false);
  expect(await told).toBe('row 0');
  expect(isAsked).toBe(false);
});

test.each([
  ['bgzip', 'Could not write 65536 bytes'],
  ['lz4', 'Error 68 : Write error : cannot write decoded block'],
  ['zstd', 'zstd: error 70 : Write error : cannot write block : Connection reset by peer'],
])('a reader that leaves something unread is told as that by %s’s words, too', async (_, words) => {
  const left = reader('sleep', '0.3');
  // As those programs do: a write that fails or comes short ends them, and they say so.
  const script = 'head -c 9000000 /dev/zero; echo "$0" >&2; exit 1';
  const program = { path: '/bin/sh', args: ['-c', script, words] };
  expect(await decompressInto(program, portions(Buffer.from('any')), left.stdin, signal)).toBe(false);
});

test('what is cut, damaged or can’t be read fails, though the reader sees an end', async () => {
  const whole = gzipSync(plain);
  const damaged = Buffer.from(whole);
  damaged.fill(7, 5_000, 5_100);
  for (const bytes of [whole.subarray(0, -9), damaged, Buffer.from('no gzip')]) {
    const sink = reader('wc', '-c');
    const ended = once(sink, 'close');
    await expect(decompressInto(await gzip(), portions(bytes), sink.stdin, signal)).rejects.toThrow(
      FilterFailed,
    );
    sink.stdout.resume();
    expect((await ended)[0]).toBe(0);
  }
  const sink = reader('wc', '-c');
  const fails = portions(whole, () => {
    throw new Error('the disk is gone');
  });
  await expect(decompressInto(await gzip(), fails, sink.stdin, signal)).rejects.toThrow('the disk is gone');
});

test('cancelled, it ends', async () => {
  const stop = new AbortController();
  const slow = reader('sleep', '60');
  const running = decompressInto(await gzip(), portions(gzipSync(plain)), slow.stdin, stop.signal);
  setTimeout(() => stop.abort(), 100);
  await expect(running).rejects.toThrow(/ended by SIGTERM/);
  slow.kill();
});
