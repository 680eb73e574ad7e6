import { HoldfastError } from '../errors.js';
import type { LsnText } from '../wal/base-backup.js';
import { parseLsn } from '../wal/wal-position.js';

/** Where recovery is to end. Inclusive (the default): what happened at the very point is in. */
export type RecoveryTarget =
  /** Microseconds count: `time` is as {@link parseTargetTime} gives it. */
  | { kind: 'time'; time: string; inclusive?: boolean }
  | { kind: 'lsn'; lsn: LsnText; inclusive?: boolean }
  | { kind: 'xid'; xid: string; inclusive?: boolean }
  /** A restore point made by `pg_create_restore_point`. */
  | { kind: 'name'; name: string }
  /** As soon as the base backup is consistent. */
  | { kind: 'immediate' }
  /** All that was archived and streamed, as after the loss of a server. */
  | { kind: 'latest' };

/** What the server does at the target; see `recovery_target_action` in PostgreSQL's manual. */
export type RecoveryAction = 'pause' | 'promote' | 'shutdown';

/** `latest`: the newest timeline that leads on from the base backup's; `current`: the base backup's own. */
export type TargetTimeline = 'latest' | 'current' | number;

/** Names of the settings that say where recovery ends. */
export const targetSettingNames = [
  'recovery_target',
  'recovery_target_name',
  'recovery_target_time',
  'recovery_target_xid',
  'recovery_target_lsn',
  'recovery_target_inclusive',
  'recovery_target_timeline',
  'recovery_target_action',
] as const;

const timePattern =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;

/**
 * A time with its offset from UTC, as `2025-03-30 02:30:00.000000+00`, to the microsecond. One without is refused: on
 * the day when clocks change it may mean two instants or none, and a server would read it by its own time zone.
 * @throws HoldfastError `RecoveryTargetInvalid`
 */
export function parseTargetTime(text: string): string {
  const [, date, minutes, seconds = '00', fraction = '', offset] = timePattern.exec(text.trim()) ?? [];
  if (date === undefined) throw invalid(`${JSON.stringify(text)} is no time`, timeRemedy);
  if (offset === undefined) throw invalid(`${JSON.stringify(text)} has no offset from UTC`, timeRemedy);
  const instant = new Date(`${date}T${minutes}:${seconds}${normalOffset(offset)}`);
  const isReal =
    !Number.isNaN(instant.getTime()) && new Date(`${date}T00:00Z`).toISOString().startsWith(date);
  if (!isReal) throw invalid(`${JSON.stringify(text)} is no time of the calendar`, timeRemedy);
  const whole = instant.toISOString().slice(0, 19).replace('T', ' ');
  return `${whole}.${fraction.padEnd(6, '0')}+00`;
}

const timeRemedy = 'write it with its offset, as in "2025-03-30 02:30:00+02:00" or "2025-03-30T00:30:00Z"';

/** The instant of a target's time to the millisecond, which is what a base backup's end and a segment's last byte are known to. */
export function targetInstant(time: string): Date {
  const at = parseTargetTime(time).replace(' ', 'T');
  return new Date(at.replace(/\d{3}\+00$/, 'Z'));
}

function normalOffset(offset: string): string {
  if (/^(Z|UTC)$/i.test(offset)) return 'Z';
  const digits = offset.replace(':', '').padEnd(5, '0');
  return `${digits.slice(0, 3)}:${digits.slice(3)}`;
}

/**
 * The settings of PostgreSQL for a target.
 * @throws HoldfastError `RecoveryTargetInvalid`
 */
export function targetSettings(
  target: RecoveryTarget,
  { action, timeline }: { action: RecoveryAction; timeline: TargetTimeline },
): Record<string, string> {
  if (typeof timeline === 'number' && !(Number.isInteger(timeline) && timeline > 0))
    throw invalid(`timeline ${timeline} is none`, 'name a timeline by its number, or "latest"');
  requireAction(target, action);
  return {
    ...settingOf(target),
    recovery_target_inclusive: 'inclusive' in target && target.inclusive === false ? 'off' : 'on',
    recovery_target_timeline: String(timeline),
    recovery_target_action: action,
  };
}

/** Without a target the server ends recovery where the WAL ends, and can only be promoted. */
export function requireAction(target: RecoveryTarget, action: RecoveryAction): void {
  if (target.kind !== 'latest' || action === 'promote') return;
  const cause = `at the end of all WAL a server is promoted, and can't ${action}`;
  throw invalid(cause, 'leave out --target-action, or name a point in time');
}

function settingOf(target: RecoveryTarget): Record<string, string> {
  switch (target.kind) {
    case 'time':
      return { recovery_target_time: parseTargetTime(target.time) };
    case 'lsn':
      if (parseLsn(target.lsn) === undefined)
        throw invalid(`${JSON.stringify(target.lsn)} is no position of the log`, 'write it as in 0/16B3748');
      return { recovery_target_lsn: target.lsn };
    case 'xid':
      if (!/^[1-9]\d{0,19}$/.test(target.xid))
        throw invalid(`${JSON.stringify(target.xid)} is no transaction`, 'write its number, as in 740');
      return { recovery_target_xid: target.xid };
    case 'name':
      if (target.name === '' || /\p{Cc}/u.test(target.name))
        throw invalid(`${JSON.stringify(target.name)} names no restore point`, 'name one that was made');
      return { recovery_target_name: target.name };
    case 'immediate':
      return { recovery_target: 'immediate' };
    case 'latest':
      return {};
  }
}

/** A target in words: `2025-03-30 00:30:00.000000+00`, `transaction 740`. */
export function describeTarget(target: RecoveryTarget): string {
  switch (target.kind) {
    case 'time':
      return target.time;
    case 'lsn':
      return `position ${target.lsn}`;
    case 'xid':
      return `transaction ${target.xid}`;
    case 'name':
      return `restore point ${JSON.stringify(target.name)}`;
    case 'immediate':
      return 'the end of the base backup';
    case 'latest':
      return 'the end of all WAL';
  }
}

/**
 * Whether the server stopped for this target, by its own words behind "recovery stopping": `before commit of
 * transaction 726, time 2026-11-22 10:19:28.289621+00`.
 */
export function isStopAt(target: RecoveryTarget, words: string): boolean {
  switch (target.kind) {
    case 'time':
      return /^(before|after) .*transaction \d+, time /.test(words);
    case 'lsn':
      return /^(before|after) WAL location \(LSN\) /.test(words);
    case 'xid':
      return new RegExp(`^(before|after) .*transaction ${BigInt(target.xid) & 0xffff_ffffn}, time `).test(
        words,
      );
    case 'name':
      return words.startsWith(`at restore point "${target.name}"`);
    case 'immediate':
      return words === 'after reaching consistency';
    case 'latest':
      return words === '';
  }
}

function invalid(cause: string, remedy: string): HoldfastError {
  return new HoldfastError('RecoveryTargetInvalid', { attempted: 'read the recovery target', cause, remedy });
}
