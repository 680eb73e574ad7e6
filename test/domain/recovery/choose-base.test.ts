import { expect, test } from 'vitest';
import { chooseBase } from '../../../src/domain/recovery/choose-base.js';
import type { RecoveryTarget } from '../../../src/domain/recovery/target.js';
import { positionOf } from '../../../src/domain/wal/base-backup.js';
import type { RetainedBase } from '../../../src/domain/wal/base-retention.js';
import { lsnOf } from '../../../src/domain/wal/wal-position.js';

const base = (hour: number, timeline = 1): RetainedBase => ({
  ...{ id: `base-${hour}`, timeline, startLsn: `0/${hour}00`, stopLsn: `0/${hour}80` },
  stoppedAt: `2025-03-01T${hour}:00:00.500Z`,
  verifiedAt: '2025-03-01T23:00:00Z',
});
const bases = [10, 14, 12].map((hour) => base(hour));
const choose = (target: RecoveryTarget, timeline = { timeline: 1 }, from = bases) =>
  chooseBase({ bases: from, target, timeline })?.id;

test('the newest that had ended before the target is chosen', () => {
  expect(choose({ kind: 'time', time: '2025-03-01T14:00:00.499999Z' })).toBe('base-12');
  expect(choose({ kind: 'time', time: '2025-03-01 15:00:00.500+01:00' })).toBe('base-14');
  expect(choose({ kind: 'time', time: '2025-03-01T09:00:00Z' })).toBeUndefined();
  expect(choose({ kind: 'lsn', lsn: '0/1279' })).toBe('base-10');
  expect(choose({ kind: 'lsn', lsn: '0/1280' })).toBe('base-12');
  expect(choose({ kind: 'immediate' })).toBe('base-14');
});

test('of what is not known when it was the oldest reaches every point', () => {
  expect(choose({ kind: 'xid', xid: '740' })).toBe('base-10');
  expect(choose({ kind: 'name', name: 'here' })).toBe('base-10');
});

test('what was never verified, or does not lead to the timeline, is none', () => {
  const unverified = { ...base(14), verifiedAt: null };
  expect(choose({ kind: 'immediate' }, { timeline: 1 }, [unverified, base(12)])).toBe('base-12');
  const left = positionOf('0/1300');
  const history = [
    { timeline: 1, begin: lsnOf(0n), end: left },
    { timeline: 2, begin: left, end: null },
  ];
  const two = { timeline: 2, history };
  expect(choose({ kind: 'immediate' }, two)).toBe('base-12');
  expect(choose({ kind: 'immediate' }, two, [...bases, base(15, 2)])).toBe('base-15');
  expect(choose({ kind: 'immediate' }, { timeline: 2 })).toBeUndefined();
});
