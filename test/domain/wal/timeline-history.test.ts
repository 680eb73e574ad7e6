import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBackupHistory } from '../../../src/domain/wal/backup-history.js';
import {
  firstTimeline,
  liesAlong,
  parseTimelineHistory,
  segmentAlong,
  segmentsAlong,
  type TimelineHistory,
} from '../../../src/domain/wal/timeline-history.js';
import { formatLsn, lsnOf, parseLsn } from '../../../src/domain/wal/wal-position.js';

const mb16 = 16 * 1024 * 1024;
const at = (text: string) => parseLsn(text) ?? expect.fail(`${text} is a position`);

function historyOf(timeline: number, text: string): TimelineHistory {
  const parsed = parseTimelineHistory(timeline, text);
  return 'history' in parsed ? parsed.history : expect.fail(parsed.why);
}

test('a history is read as a server writes it', () => {
  const text =
    '1\t0/3000158\tno recovery target specified\n\n# a comment\n2\t0/A000000\tat restore point "x"\n';
  expect(historyOf(4, text)).toEqual([
    { timeline: 1, begin: 0n, end: at('0/3000158') },
    { timeline: 2, begin: at('0/3000158'), end: at('0/A000000') },
    { timeline: 4, begin: at('0/A000000'), end: null },
  ]);
});

test.for([
  ['', 'no ancestor'],
  ['1\n', 'no ancestor with its end'],
  ['1\t0-3\n', 'no ancestor with its end'],
  ['2\t0/3000000\n1\t0/4000000\n', 'not in order'],
  ['1\t0/4000000\n2\t0/3000000\n', 'not in order'],
  ['4\t0/4000000\n', 'would descend from 4'],
])('%j is no history of timeline 4: %s', ([text, why]) => {
  expect(parseTimelineHistory(4, text ?? '')).toEqual({ why: expect.stringContaining(why ?? '') });
});

/** A history of up to five timelines whose switches are anywhere, also several in one segment. */
const history = fc
  .array(fc.bigInt({ min: 0n, max: 40n * BigInt(mb16) }), { maxLength: 4 })
  .map((switches) => {
    const lines = switches
      .sort((a, b) => (a < b ? -1 : 1))
      .map((end, i) => `${i + 1}\t${formatLsn(lsnOf(end))}\tx`);
    return lines.length === 0 ? firstTimeline() : historyOf(lines.length + 1, lines.join('\n'));
  });

test('recovery reads each segment once, in order, from one timeline that never goes back', () => {
  fc.assert(
    fc.property(history, fc.nat(45), (parts, from) => {
      const runs = segmentsAlong(parts, from, mb16);
      expect(runs[0]?.first).toBe(from);
      expect(runs.at(-1)).toMatchObject({ timeline: parts.at(-1)?.timeline, last: Number.POSITIVE_INFINITY });
      for (const [index, run] of runs.entries()) {
        const before = runs[index - 1];
        if (before) expect([run.first, run.timeline > before.timeline]).toEqual([before.last + 1, true]);
      }
    }),
  );
});

test('of a segment with a switch in it the newest timeline has the file that is read', () => {
  fc.assert(
    fc.property(history, fc.nat(45), (parts, number) => {
      const begun = parts.filter(({ begin }) => begin / BigInt(mb16) <= BigInt(number));
      expect(segmentAlong(parts, number, mb16)).toEqual({ timeline: begun.at(-1)?.timeline, number });
    }),
  );
});

test('a switch on a segment’s very boundary leaves the segment before it to the old timeline', () => {
  const parts = historyOf(2, '1\t0/4000000\tx');
  expect(segmentsAlong(parts, 2, mb16)).toEqual([
    { timeline: 1, first: 2, last: 3 },
    { timeline: 2, first: 4, last: Number.POSITIVE_INFINITY },
  ]);
});

test('a position beyond the end of its timeline, or of one that is no ancestor, lies not along the history', () => {
  const parts = historyOf(3, '1\t0/4000000\tx');
  expect(liesAlong(parts, 1, at('0/3000000'))).toBe(true);
  expect(liesAlong(parts, 1, at('0/5000000'))).toBe(false);
  expect(liesAlong(parts, 2, at('0/3000000'))).toBe(false);
  expect(liesAlong(parts, 3, at('F/0'))).toBe(true);
});

const backupFile = `START WAL LOCATION: 0/2000028 (file 000000020000000000000002)
STOP WAL LOCATION: 0/2000138 (file 000000020000000000000002)
CHECKPOINT LOCATION: 0/2000060
BACKUP METHOD: streamed
BACKUP FROM: primary
START TIME: 2026-01-02 03:04:05 CET
LABEL: pg_basebackup: base
START TIMELINE: 2
STOP TIME: 2026-01-02 03:04:06 CET
STOP TIMELINE: 2
`;

test('a backup history tells where recovery begins and from where on it is consistent', () => {
  expect(parseBackupHistory(backupFile)).toEqual({
    startLsn: at('0/2000028'),
    startTimeline: 2,
    checkpointLsn: at('0/2000060'),
    label: 'pg_basebackup: base',
    startTime: '2026-01-02 03:04:05 CET',
    stopLsn: at('0/2000138'),
    stopTimeline: 2,
    stopTime: '2026-01-02 03:04:06 CET',
  });
});

test('a backup_label, which has no end yet, is read too, and one without a start is none', () => {
  const label = backupFile.replace(/^STOP.*\n/gm, '');
  expect(parseBackupHistory(label)).toMatchObject({ startTimeline: 2, stopLsn: null, stopTime: null });
  expect(parseBackupHistory(backupFile.replace(/^START WAL.*\n/m, ''))).toBeUndefined();
});
