import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BaseStart, findGaps, type PresentSegment } from '../../../src/domain/wal/archive-coverage.js';
import {
  firstTimeline,
  parseTimelineHistory,
  segmentAlong,
  type TimelineHistory,
} from '../../../src/domain/wal/timeline-history.js';
import { formatLsn, lsnOf } from '../../../src/domain/wal/wal-position.js';
import { segmentStart } from '../../../src/domain/wal/wal-segment.js';

const mb = 1024 * 1024;
const hour = (number: number) => new Date(Date.UTC(2026, 0, 1, number)).toISOString();

/** Segments of a timeline, each written at the hour of its number. */
function segments(timeline: number, ...numbers: number[]): PresentSegment[] {
  return numbers.map((number) => ({ timeline, number, writtenAtMs: Date.parse(hour(number)) }));
}

function base(timeline: number, number: number): BaseStart {
  return { timeline, startLsn: lsnOf(segmentStart(number, mb) + 40n), consistentAt: hour(number + 1) };
}

/** Timelines 1 to `ends.length + 1`, each left in the middle of that segment. */
function historyOf(...ends: number[]): TimelineHistory {
  const lines = ends.map(
    (end, index) => `${index + 1}\t${formatLsn(lsnOf(segmentStart(end, mb) + 500n))}\tx`,
  );
  const parsed = parseTimelineHistory(ends.length + 1, lines.join('\n'));
  return 'history' in parsed ? parsed.history : expect.fail(parsed.why);
}

const question = { segmentSizeBytes: mb, histories: new Map(), currentTimeline: 1, bases: [] };

test('an archive without a hole has no gap, and an empty one neither', () => {
  expect(findGaps({ ...question, segments: segments(1, 5, 3, 4) })).toEqual([]);
  expect(findGaps({ ...question, segments: [] })).toEqual([]);
});

test('a gap reaches in time from the last byte before it to the next base backup', () => {
  const found = findGaps({ ...question, segments: segments(1, 3, 4, 8, 9), bases: [base(1, 3), base(1, 9)] });
  expect(found).toEqual([
    { timeline: 1, first: 5, last: 7, unrecoverableFrom: hour(4), unrecoverableTo: hour(10) },
  ]);
});

test('without a later base backup a gap has no end, and at the oldest one’s start no beginning', () => {
  const found = findGaps({ ...question, segments: segments(1, 5, 6), bases: [base(1, 3)] });
  expect(found).toEqual([{ timeline: 1, first: 3, last: 4, unrecoverableFrom: null, unrecoverableTo: null }]);
});

test('what lies before the oldest base backup may be gone', () => {
  expect(findGaps({ ...question, segments: segments(1, 1, 5, 6, 7), bases: [base(1, 6)] })).toEqual([]);
});

describe('across timelines', () => {
  const histories = new Map([[2, historyOf(5)]]);
  const onTwo = { ...question, histories, currentTimeline: 2, bases: [base(1, 3)] };

  test('the segment with the switch is wanted of the new timeline only', () => {
    expect(findGaps({ ...onTwo, segments: [...segments(1, 3, 4), ...segments(2, 5, 6)] })).toEqual([]);
    expect(findGaps({ ...onTwo, segments: [...segments(1, 3, 4, 5), ...segments(2, 6)] })).toEqual([
      { timeline: 2, first: 5, last: 5, unrecoverableFrom: hour(5 - 1), unrecoverableTo: null },
    ]);
  });

  test('the old timeline is wanted up to the switch, also where its last segments are missing', () => {
    expect(findGaps({ ...onTwo, segments: [...segments(1, 3), ...segments(2, 5, 6)] })).toMatchObject([
      { timeline: 1, first: 4, last: 4, unrecoverableFrom: hour(3) },
    ]);
  });

  test('what the old timeline has after the switch is no gap, whatever is missing of it', () => {
    const old = segments(1, 3, 4, 5, 9);
    expect(findGaps({ ...onTwo, segments: [...old, ...segments(2, 5, 6)] })).toEqual([]);
  });

  test('a new timeline of which nothing is archived yet has no gap', () => {
    expect(findGaps({ ...onTwo, segments: segments(1, 3, 4) })).toEqual([]);
  });

  test('a timeline that was left and is no ancestor is looked at for itself, from its own base backup on', () => {
    const aside = { ...onTwo, currentTimeline: 3, histories: new Map([...histories, [3, historyOf2()]]) };
    const all = [...segments(1, 3, 4), ...segments(2, 7, 9), ...segments(3, 5, 6)];
    const bases = [base(1, 3), base(2, 6)];
    expect(findGaps({ ...aside, segments: all, bases })).toEqual([
      { timeline: 2, first: 6, last: 6, unrecoverableFrom: null, unrecoverableTo: null },
      { timeline: 2, first: 8, last: 8, unrecoverableFrom: hour(7), unrecoverableTo: null },
    ]);
  });

  /** Timeline 3, which branched off from 1 as 2 did. */
  function historyOf2(): TimelineHistory {
    const parsed = parseTimelineHistory(3, `1\t${formatLsn(lsnOf(segmentStart(5, mb) + 500n))}\tx`);
    return 'history' in parsed ? parsed.history : expect.fail(parsed.why);
  }
});

test('the gaps are exactly what recovery from the oldest base backup to the newest segment would not find', () => {
  const ends = fc.array(fc.nat(30), { maxLength: 3 }).map((all) => all.sort((a, b) => a - b));
  const present = fc.array(fc.record({ timeline: fc.integer({ min: 1, max: 4 }), number: fc.nat(35) }));
  fc.assert(
    fc.property(ends, present, fc.nat(35), (switches, somewhere, start) => {
      const history = switches.length === 0 ? firstTimeline() : historyOf(...switches);
      const current = switches.length + 1;
      const there = new Map(
        somewhere.map((one) => [`${one.timeline}/${one.number}`, { ...one, writtenAtMs: 0 }]),
      );
      const first = segmentAlong(history, start, mb)?.timeline ?? 1;
      const gaps = findGaps({
        ...question,
        segments: [...there.values()],
        histories: new Map([[current, history]]),
        currentTimeline: current,
        bases: [{ timeline: first, startLsn: segmentStart(start, mb), consistentAt: hour(0) }],
      });
      const newest = Math.max(
        ...[...there.values()].filter((s) => s.timeline === current).map((s) => s.number),
      );
      const lastOfOld = switches.length === 0 ? -1 : (switches.at(-1) ?? 0) - 1;
      const missing: string[] = [];
      for (let number = start; number <= Math.max(newest, lastOfOld); number++) {
        const wanted = segmentAlong(history, number, mb);
        const key = `${wanted?.timeline}/${number}`;
        if (!there.has(key)) missing.push(key);
      }
      const told = gaps
        .filter(({ timeline }) => timeline <= current)
        .flatMap(({ timeline, first: from, last }) =>
          Array.from({ length: last - from + 1 }, (_, index) => `${timeline}/${from + index}`),
        );
      expect(told.sort()).toEqual(missing.sort());
    }),
    { numRuns: 500 },
  );
});

test('a hundred thousand segments with the widest of gaps take no time by what is missing', () => {
  const all = Array.from({ length: 100_000 }, (_, index) => 2 * index);
  const there = [...all, 2 ** 40].map((number) => ({ timeline: 1, number, writtenAtMs: 0 }));
  const found = findGaps({ ...question, segments: there });
  expect(found).toHaveLength(100_000);
  expect(found.at(-1)).toMatchObject({ first: 199_999, last: 2 ** 40 - 1 });
});
