import { expect, test } from 'vitest';
import { RetryPace } from '../../src/alerting/retry-pace.js';

/** Tries through a day of looks every 15 seconds; gives the seconds at which there were any. */
function tries(newestAt: (seconds: number) => string, takenAt: (seconds: number) => boolean): number[] {
  const pace = new RetryPace(15_000, 600_000);
  const at: number[] = [];
  for (let seconds = 0; seconds < 86_400; seconds += 15) {
    const newest = newestAt(seconds);
    if (!pace.isDue(newest, seconds * 1000)) continue;
    at.push(seconds);
    pace.noteTry(newest, takenAt(seconds), seconds * 1000);
  }
  return at;
}

test('a place that is away for a day is asked soon at first, then every ten minutes', () => {
  const at = tries(
    () => 'a',
    () => false,
  );
  expect(at.slice(0, 6)).toEqual([0, 15, 45, 105, 225, 465]);
  expect(at.length).toBeLessThan(160);
  expect(at.at(-1)).toBeGreaterThan(86_400 - 601);
});

test('what is new is tried at once, and after a delivery the pace is the first one again', () => {
  const at = tries(
    (seconds) => (seconds < 3000 ? 'a' : 'b'),
    (seconds) => seconds === 3000,
  );
  expect(at).toContain(3000);
  expect(at.slice(at.indexOf(3000), at.indexOf(3000) + 3)).toEqual([3000, 3015, 3045]);
});
