import { resolve } from 'node:path';
import { HoldfastError } from '../domain/errors.js';
import {
  parseTargetTime,
  type RecoveryAction,
  type RecoveryTarget,
  requireAction,
  type TargetTimeline,
} from '../domain/recovery-target.js';

/** Options of `holdfast restore` that make it a recovery to a point in time. */
export interface RecoveryArguments {
  targetTime?: string;
  to?: string;
  targetLsn?: string;
  targetXid?: string;
  targetName?: string;
  targetImmediate?: boolean;
  targetExclusive?: boolean;
  targetAction?: RecoveryAction;
  targetTimeline?: string;
  dataDir?: string;
  base?: string;
  osUser?: string;
}

export interface RecoveryWish {
  target: RecoveryTarget;
  action: RecoveryAction;
  timeline: TargetTimeline;
  dataDir: string;
  base?: string;
  osUser?: string;
}

const targets = [
  'targetTime',
  'to',
  'targetLsn',
  'targetXid',
  'targetName',
  'targetImmediate',
] as const satisfies (keyof RecoveryArguments)[];

/** Whether the options ask for a recovery to a point in time. */
export function asksForRecovery(options: RecoveryArguments): boolean {
  return options.dataDir !== undefined || targets.some((name) => options[name] !== undefined);
}

/** What is to be recovered, and where. @throws HoldfastError `RecoveryTargetInvalid` */
export function whatToRecover(options: RecoveryArguments, now = new Date()): RecoveryWish {
  const given = targets.filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    const cause = given.length === 0 ? 'no target was given' : 'more than one target was given';
    throw invalid(cause, `give one of --to, ${targetFlags}`);
  }
  if (options.dataDir === undefined)
    throw invalid('no folder was given', 'name an empty or new folder with --data-dir');
  const target = targetOf(options, now);
  const action = options.targetAction ?? 'promote';
  requireAction(target, action);
  return {
    ...{ target, action },
    timeline: timelineOf(options.targetTimeline ?? 'latest'),
    dataDir: resolve(options.dataDir),
    ...(options.base !== undefined && { base: options.base }),
    ...(options.osUser !== undefined && { osUser: options.osUser }),
  };
}

const targetFlags = '--target-time, --target-lsn, --target-xid, --target-name, --target-immediate';

function targetOf(options: RecoveryArguments, now: Date): RecoveryTarget {
  const { targetTime, to, targetLsn, targetXid, targetName, targetExclusive } = options;
  const reach = targetExclusive ? { inclusive: false } : {};
  if (targetLsn !== undefined) return { kind: 'lsn', lsn: targetLsn, ...reach };
  if (targetXid !== undefined) return { kind: 'xid', xid: targetXid, ...reach };
  if (targetName !== undefined) return { kind: 'name', name: targetName };
  if (options.targetImmediate) return { kind: 'immediate' };
  if (to === 'latest') return { kind: 'latest' };
  if (targetTime !== undefined) return { kind: 'time', time: parseTargetTime(targetTime), ...reach };
  return { kind: 'time', time: relativeTime(to ?? '', now) ?? parseTargetTime(to ?? ''), ...reach };
}

const unitMs: Record<string, number> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** `10 minutes ago`; undefined for what is no such time. */
function relativeTime(text: string, now: Date): string | undefined {
  const [, number, unit = ''] = /^(\d{1,6})\s*(second|minute|hour|day)s?\s+ago$/i.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const at = new Date(now.getTime() - Number(number) * (unitMs[unit.toLowerCase()] ?? 0));
  return parseTargetTime(at.toISOString());
}

function timelineOf(text: string): TargetTimeline {
  if (text === 'latest' || text === 'current') return text;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw invalid(`${JSON.stringify(text)} is no timeline`, 'give latest, current, or its number');
}

function invalid(cause: string, remedy: string): HoldfastError {
  return new HoldfastError('RecoveryTargetInvalid', {
    attempted: 'recover to a point in time',
    cause,
    remedy,
  });
}
