import { expect, test } from 'vitest';
import { walReach } from '../../../src/domain/wal/wal-reach.js';

const segments = (...named: [timeline: number, number: number][]) =>
  named.map(([timeline, number]) => ({ segment: { timeline, number } }));
const from = { timeline: 2, number: 5 };

test('WAL reaches to the last segment before one that is missing', () => {
  const whole = segments([2, 7], [2, 5], [2, 6]);
  expect(walReach(from, whole)).toEqual({ last: whole[0], hasGap: false });
  expect(walReach(from, segments([2, 5], [2, 6], [2, 8]))).toEqual({
    ...walReach(from, segments([2, 6], [2, 5])),
    hasGap: true,
  });
});

test('where the first segment is missing it reaches nowhere', () => {
  expect(walReach(from, segments([2, 6]))).toEqual({ last: undefined, hasGap: true });
  expect(walReach(from, segments([2, 4]))).toEqual({ last: undefined, hasGap: false });
});

test('it goes on over a change of timeline, and never on an older one', () => {
  const promoted = segments([2, 5], [2, 6], [3, 6], [3, 7]);
  expect(walReach(from, promoted)).toEqual({ last: promoted[3], hasGap: false });
  expect(walReach(from, segments([2, 5], [1, 6], [1, 7])).last?.segment.number).toBe(5);
});
