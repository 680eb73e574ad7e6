import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countNewlines } from '../../../src/stream/rows/newlines.js';

const bytes = fc.uint8Array({ maxLength: 200 });
/** Beyond what is counted at a time, which is 256 KiB. */
const repetitions = fc.integer({ min: 0, max: 20_000 });

test('line feeds are counted wherever they are, and nothing else', () => {
  fc.assert(
    fc.property(bytes, repetitions, fc.nat(300), fc.nat(300), (some, times, skipped, left) => {
      const chunk = Buffer.alloc(some.length * times, some);
      const [start, end] = [Math.min(skipped, chunk.length), Math.max(skipped, chunk.length - left)];
      const expected = chunk.subarray(start, end).filter((byte) => byte === 0x0a).length;
      expect(countNewlines(chunk, start, Math.min(end, chunk.length))).toBe(expected);
    }),
  );
});

test.for([0, 9, 10, 11, 138, 255])('of bytes %i alone, each line feed counts', (byte) => {
  const chunk = Buffer.alloc(600_001, byte);
  expect(countNewlines(chunk, 1, chunk.length)).toBe(byte === 10 ? 600_000 : 0);
});
