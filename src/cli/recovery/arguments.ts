import { resolve } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import type { TablespaceWish } from '../../domain/recovery/contracts.js';
import {
  parseTargetTime,
  type RecoveryAction,
  type RecoveryTarget,
  requireAction,
  type TargetTimeline,
} from '../../domain/recovery/target.js';
import { relativeTime } from '../instant-argument.js';

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
  tablespace?: TablespaceWish[];
  makeTablespaces?: boolean;
  amcheck?: boolean;
}

export interface RecoveryWish {
  target: RecoveryTarget;
  action: RecoveryAction;
  timeline: TargetTimeline;
  dataDir: string;
  base?: string;
  osUser?: string;
  tablespaces?: TablespaceWish[];
  makeTablespaces?: boolean;
  amcheck?: boolean;
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

/** Options of `holdfast restore` that say nothing of a whole cluster. */
const ofDatabases = ['latest', 'from', 'list', 'inPlace', 'globals', 'allowUnverified'] as const;

export type DatabaseArguments = Partial<Record<(typeof ofDatabases)[number], unknown>>;

/** @throws HoldfastError `ConfigurationInvalid` for options that would be passed over */
export function refuseOfDatabases(options: DatabaseArguments): void {
  const given = ofDatabases.filter((name) => options[name] !== undefined && options[name] !== false);
  if (given.length === 0) return;
  const flags = given.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: 'recover to a point in time',
    cause: `${flags.join(', ')} is for the restore of a database from a full backup`,
    remedy: 'leave it out, or leave out what makes it a recovery: --data-dir, --to, --target-…',
  });
}

/** What is to be recovered, and where. @throws HoldfastError `RecoveryTargetInvalid` */
export function whatToRecover(options: RecoveryArguments, now = new Date()): RecoveryWish {
  const given = targets.filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    const cause = given.length === 0 ? 'no target was given' : 'more than one target was given';
    throw invalid(cause, `give one of --to, ${targetFlags}`);
  }
  if (options.dataDir === undefined)
    throw invalid(
      'no folder was given',
      'name a folder with --data-dir: a new or empty one, or a stopped cluster’s',
    );
  const target = targetOf(options, now);
  const action = options.targetAction ?? 'promote';
  requireAction(target, action);
  return {
    ...{ target, action },
    timeline: timelineOf(options.targetTimeline ?? 'latest'),
    dataDir: resolve(options.dataDir),
    ...(options.base !== undefined && { base: options.base }),
    ...(options.osUser !== undefined && { osUser: options.osUser }),
    ...(options.tablespace && { tablespaces: options.tablespace }),
    ...(options.makeTablespaces && { makeTablespaces: true }),
    ...(options.amcheck && { amcheck: true }),
  };
}

/** `OLD=NEW` of `--tablespace`; an `=` in a name or path has a backslash before it, as for `pg_basebackup`. */
export function parseTablespace(text: string): TablespaceWish | undefined {
  const [, from, to] = /^((?:[^=\\]|\\.)+)=(.+)$/s.exec(text) ?? [];
  const plain = (escaped: string) => escaped.replace(/\\=/g, '=');
  return from && to ? { from: plain(from), to: resolve(plain(to)) } : undefined;
}

const targetFlags = '--target-time, --target-lsn, --target-xid, --target-name, --target-immediate';

function targetOf(options: RecoveryArguments, now: Date): RecoveryTarget {
  const { targetTime, to, targetLsn, targetXid, targetName, targetExclusive } = options;
  const reach = targetExclusive ? { inclusive: false } : {};
  if (targetLsn !== undefined) return { kind: 'lsn', lsn: targetLsn, ...reach };
  if (targetXid !== undefined) return { kind: 'xid', xid: targetXid, ...reach };
  if (targetName !== undefined) return { kind: 'name', name: targetName };
  if (options.targetImmediate) return { kind: 'immediate' };
  if (targetTime !== undefined) return { kind: 'time', time: parseTargetTime(targetTime), ...reach };
  const target = parseTo(to ?? '', now);
  return target.kind === 'latest' ? target : { ...target, ...reach };
}

/**
 * What `--to` names: `latest`, a time with its offset from UTC, or `10 minutes ago`.
 * @throws HoldfastError `RecoveryTargetInvalid`
 */
export function parseTo(text: string, now = new Date()): { kind: 'latest' } | { kind: 'time'; time: string } {
  if (text === 'latest') return { kind: 'latest' };
  return { kind: 'time', time: parseTargetTime(relativeTime(text, now)?.toISOString() ?? text) };
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
