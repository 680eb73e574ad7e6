import { expect, test } from 'vitest';
import {
  age,
  bytes,
  count,
  duration,
  moment,
  printable,
  rate,
  shellWord,
} from '../../../src/cli/output/format.js';

const MB = 1024 * 1024;

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1.0 kB'],
  [1024 * 9.96, '10 kB'],
  [MB - 1, '1.0 MB'],
  [142 * MB, '142 MB'],
  [1023.6 * MB, '1.0 GB'],
  [1.4 * 1024 * MB, '1.4 GB'],
  [5 * 1024 ** 6, '5120 PB'],
])('%d bytes are shown as %s', (size, shown) => {
  expect(bytes(size)).toBe(shown);
});

test('a rate is bytes a second', () => {
  expect(rate(12 * MB)).toBe('12 MB/s');
});

test.each([
  [0, '0s'],
  [0.04, '0s'],
  [0.44, '0.4s'],
  [9.94, '9.9s'],
  [9.96, '10s'],
  [59.4, '59s'],
  [59.6, '1m'],
  [72, '1m 12s'],
  [3600, '1h'],
  [7500, '2h 5m'],
  [3605, '1h'],
  [273_600, '3d 4h'],
])('%d seconds are shown as %s', (seconds, shown) => {
  expect(duration(seconds)).toBe(shown);
});

const now = new Date('2026-01-02T12:00:00Z');
test.each([
  ['2026-01-02T11:59:58Z', 'just now'],
  ['2026-01-02T11:59:50Z', '10s ago'],
  ['2026-01-02T11:01:00Z', '59m ago'],
  ['2026-01-02T08:30:00Z', '3h ago'],
  ['2025-12-30T12:00:00Z', '3d ago'],
  ['2026-01-04T13:00:00Z', 'in 2d'],
  ['nonsense', 'unknown'],
])('%s is %s', (time, shown) => {
  expect(age(time, now)).toBe(shown);
});

test('numbers look the same in every locale', () => {
  expect(count(1_234_567)).toBe('1,234,567');
});

test.each([
  ['shop', 'shop'],
  ['ü"\' 東京 👍', 'ü"\' 東京 👍'],
  ['a\nb\tc\r', 'a\\nb\\tc\\r'],
  ['\u001b[2J\u009b\u007f\u0000', '\\x1b[2J\\x9b\\x7f\\x00'],
  ['a\u202eb\u2066\u200b\ufeff\u2028', 'a\\u202eb\\u2066\\u200b\\ufeff\\u2028'],
  ['\ud800', '\\ud800'],
])('%j is printable as %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(printable(shown)).toBe(shown);
});

test.each([
  ['2026-01-03T04:05:06.789Z', '2026-01-03 04:05 UTC (in 1d)'],
  ['2026-01-02T05:35:06.000Z', '2026-01-02 05:35 UTC (in 1h 30m)'],
  ['2026-01-02T04:05:00.000Z', '2026-01-02 04:05 UTC (now)'],
])('the moment %s is shown as %s', (time, shown) => {
  expect(moment(time, new Date('2026-01-02T04:05:10Z'))).toBe(shown);
});

test('a name is quoted only where a shell would not take it for one word', () => {
  expect(shellWord('restore/default/shop')).toBe('restore/default/shop');
  expect(shellWord("it's")).toBe("'it'\\''s'");
});
