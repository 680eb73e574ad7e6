import { expect, test } from 'vitest';
import { cutLines } from '../../../activities/restore/step.js';

test('a short list of warnings stays as it is', () => {
  expect(cutLines(['one', 'two'])).toEqual(['one', 'two']);
});

test.each([
  ['many', Array.from({ length: 5000 }, (_, n) => `warning ${n}`), 50],
  ['long', Array.from({ length: 40 }, () => 'x'.repeat(5000)), 27],
  ['of characters with three bytes', Array.from({ length: 40 }, () => '→'.repeat(300)), 9],
])('warnings that are %s are cut, and told to be more', (_, lines, kept) => {
  const cut = cutLines(lines);
  expect(cut).toHaveLength(kept + 1);
  expect(cut.at(-1)).toBe(`and ${lines.length - kept} more`);
  expect(Buffer.byteLength(JSON.stringify(cut))).toBeLessThan(10 * 1024);
});
