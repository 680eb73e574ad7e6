import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isRecoverableTo,
  recoverableWindow,
  type WindowQuestion,
} from '../../../src/domain/wal/recoverable-window.js';

const day = (number: number) => new Date(Date.UTC(2025, 2, number)).toISOString();
const now = new Date(day(20));
const base = (number: number) => ({ id: `base-${number}`, stoppedAt: day(number), verifiedAt: day(number) });
const window = (more: Partial<WindowQuestion>) =>
  recoverableWindow({ bases: [base(5), base(12)], holes: [], archivedTo: day(19), now, ...more });
const hole = (from: number | null, to: number | null) => ({
  unrecoverableFrom: from === null ? null : day(from),
  unrecoverableTo: to === null ? null : day(to),
});

test('it goes from the oldest base backup to what is archived', () => {
  expect(window({})).toEqual({ from: day(5), to: day(19), gaps: [] });
  expect(window({ archivedTo: null })).toEqual({ from: day(5), to: day(12), gaps: [] });
  expect(window({ bases: [] })).toBeNull();
});

test('what the archive lacks is a gap up to the next base backup', () => {
  expect(window({ holes: [hole(8, 12)] })).toEqual({
    from: day(5),
    to: day(19),
    gaps: [{ from: day(8), to: day(12) }],
  });
  expect(window({ holes: [hole(15, null)] })).toEqual({ from: day(5), to: day(15), gaps: [] });
  expect(window({ holes: [hole(null, 12)] })).toEqual({ from: day(12), to: day(19), gaps: [] });
  expect(window({ holes: [hole(null, null)] })).toBeNull();
});

test('C2: a base backup of the future, and an archive of the future, promise nothing', () => {
  expect(window({ bases: [base(30)] })).toBeNull();
  expect(window({ archivedTo: day(30) })).toMatchObject({ to: day(20) });
  expect(window({ bases: [{ ...base(5), verifiedAt: null }, base(12)] })).toMatchObject({ from: day(12) });
});

test('an instant is recoverable to when a base backup lies before it and no hole around it', () => {
  const days = fc.integer({ min: 1, max: 25 });
  const holes = fc.array(
    fc
      .tuple(fc.option(days), fc.option(days))
      .filter(([from, to]) => from === null || to === null || from < to),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(
      fc.array(days, { maxLength: 4 }),
      holes,
      fc.option(days),
      days,
      (starts, spans, end, asked) => {
        const question = {
          ...{ bases: starts.map(base), now, archivedTo: end === null ? null : day(end) },
          holes: spans.map(([from, to]) => hole(from, to)),
        };
        // Noon, so that it is the end of nothing.
        const instant = asked + 0.5;
        const past = starts.filter((start) => start <= 20);
        const upTo = Math.min(20, Math.max(end ?? 0, ...past));
        const isCovered = past.some((start) => start < instant) && instant < upTo;
        const isInHole = spans.some(([from, to]) => instant > (from ?? 0) && instant < (to ?? 99));
        const answer = isRecoverableTo(
          recoverableWindow(question),
          new Date(Date.parse(day(asked)) + 43_200_000),
        );
        expect(answer).toBe(isCovered && !isInHole);
      },
    ),
    { numRuns: 2000 },
  );
});
