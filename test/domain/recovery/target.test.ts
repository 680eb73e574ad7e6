import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeTarget,
  isStopAt,
  parseTargetTime,
  type RecoveryTarget,
  targetSettings,
} from '../../../src/domain/recovery/target.js';

const how = { action: 'pause', timeline: 'latest' } as const;
const invalid = (message: RegExp) =>
  expect.objectContaining({ type: 'RecoveryTargetInvalid', message: expect.stringMatching(message) });

describe('a target time', () => {
  test.each([
    ['2025-03-30T00:30:00Z', '2025-03-30 00:30:00.000000+00'],
    ['2025-03-30 02:30:00+02:00', '2025-03-30 00:30:00.000000+00'],
    ['2025-03-30 02:30+02', '2025-03-30 00:30:00.000000+00'],
    ['2025-03-30 00:00:00.5-0330', '2025-03-30 03:30:00.500000+00'],
    ['2025-12-31 23:59:59.123456 UTC', '2025-12-31 23:59:59.123456+00'],
  ])('%s is %s', (text, expected) => {
    expect(parseTargetTime(text)).toBe(expected);
    expect(parseTargetTime(expected)).toBe(expected);
  });

  test('C3: without its offset it is refused, also on a day when nothing happens to clocks', () => {
    for (const text of ['2025-03-30 02:30:00', '2025-07-01T12:00', '2025-03-30 02:30:00 Europe/Zurich'])
      expect(() => parseTargetTime(text), text).toThrow(invalid(/has no offset from UTC|is no time/));
  });

  test.each(['2025-02-30T00:00:00Z', '2025-13-01T00:00:00Z', '2025-01-01T25:00:00Z', 'yesterday', ''])(
    '%j is refused',
    (text) => expect(() => parseTargetTime(text)).toThrow(invalid(/is no time/)),
  );

  test('every instant comes out as itself, whatever offset it was written with', () => {
    const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 });
    const instants = fc.date({
      min: new Date('1971-01-01'),
      max: new Date('2100-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, offsets, (instant, offset) => {
        const local = new Date(instant.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const shown = `${offset < 0 ? '-' : '+'}${`${hours}`.padStart(2, '0')}:${`${minutes}`.padStart(2, '0')}`;
        const parsed = parseTargetTime(local + shown)
          .replace(' ', 'T')
          .replace(/\d{3}\+00$/, 'Z');
        expect(parsed).toBe(instant.toISOString());
      }),
    );
  });
});

test.each<[RecoveryTarget, Record<string, string>]>([
  [{ kind: 'time', time: '2025-01-01T00:00Z' }, { recovery_target_time: '2025-01-01 00:00:00.000000+00' }],
  [
    { kind: 'xid', xid: '740', inclusive: false },
    { recovery_target_xid: '740', recovery_target_inclusive: 'off' },
  ],
  [{ kind: 'name', name: `it's "here"` }, { recovery_target_name: `it's "here"` }],
  [{ kind: 'immediate' }, { recovery_target: 'immediate' }],
])('the settings of %j', (target, settings) => {
  // Told although it is the default: the cluster's own file may say otherwise.
  const common = {
    recovery_target_inclusive: 'on',
    recovery_target_timeline: 'latest',
    recovery_target_action: 'pause',
  };
  expect(targetSettings(target, how)).toEqual({ ...common, ...settings });
});

test('a target that is none is refused, in words', () => {
  const settings = (target: RecoveryTarget) => () => targetSettings(target, how);
  expect(settings({ kind: 'lsn', lsn: '16B3748' })).toThrow(invalid(/no position of the log/));
  expect(settings({ kind: 'xid', xid: '0x12' })).toThrow(invalid(/no transaction/));
  expect(settings({ kind: 'name', name: 'two\nlines' })).toThrow(invalid(/no restore point/));
  expect(() => targetSettings({ kind: 'immediate' }, { action: 'pause', timeline: 0 })).toThrow(
    invalid(/timeline 0 is none/),
  );
});

test('a stop counts only for the very target', () => {
  const commit = (xid: number) => `before commit of transaction ${xid}, time 2025-01-01 00:00:00+00`;
  expect(isStopAt({ kind: 'xid', xid: '74' }, commit(740))).toBe(false);
  // Above 32 bits a transaction's number has its epoch, of which the log says nothing.
  expect(isStopAt({ kind: 'xid', xid: String(2 ** 32 + 740) }, commit(740))).toBe(true);
  expect(isStopAt({ kind: 'time', time: '' }, commit(740))).toBe(true);
  expect(isStopAt({ kind: 'time', time: '' }, 'after reaching consistency')).toBe(false);
  expect(isStopAt({ kind: 'name', name: 'a' }, 'at restore point "ab", time x')).toBe(false);
  expect(isStopAt({ kind: 'immediate' }, '')).toBe(false);
  expect(describeTarget({ kind: 'name', name: 'a' })).toBe('restore point "a"');
});
