import { counted } from '../counts.js';
import { dayMs } from '../durations.js';
import { HoldfastError } from '../errors.js';
import type { BackupSummary } from './metadata.js';

/** What a retention plan needs to know of a backup. */
export type RetainedBackup = Pick<BackupSummary, 'id' | 'cluster' | 'database' | 'takenAt' | 'verifiedAt'>;

export interface RetentionQuestion {
  backups: readonly RetainedBackup[];
  now: Date;
  /** Backups up to this age are kept. */
  retentionDays: number;
  /** Newest backups of each database that are kept whatever their age. */
  keepLast: number;
  /** Backups that something reads at this moment, by id, and what reads them in words. */
  readers?: ReadonlyMap<string, string>;
  /** Backups that somebody keeps by hand, by id, and who does in words. */
  kept?: ReadonlyMap<string, string>;
}

/** A backup's fate, and the reason in words. */
export interface RetentionDecision {
  id: string;
  because: string;
}

export interface RetentionPlan {
  keep: RetentionDecision[];
  expire: RetentionDecision[];
}

/**
 * Decides, database by database, which backups have expired: those older than `retentionDays` that are
 * neither among the `keepLast` newest nor the newest verified one (the newest of all where none is verified), and
 * that nothing reads nor anybody keeps by hand. What is kept by hand takes no place among the `keepLast` newest.
 * A backup dated in the future is kept and counts as neither: a clock that ran ahead must not let the real
 * newest go. Throws ConfigurationInvalid for less than one day or a negative number to keep.
 */
export function planRetention(question: RetentionQuestion): RetentionPlan {
  refuseNonsense(question);
  const plan: RetentionPlan = { keep: [], expire: [] };
  for (const backups of byDatabase(question.backups)) {
    const { past, unusable } = splitByClock(backups, question.now);
    plan.keep.push(...unusable);
    const newestVerified = newestVerifiedOf(past);
    let position = 0;
    for (const backup of past) {
      const kept = question.kept?.get(backup.id);
      const reason = kept ?? reasonToKeep(backup, position, newestVerified, question);
      const decision = { id: backup.id, because: reason ?? age(backup, question) };
      (reason === undefined ? plan.expire : plan.keep).push(decision);
      if (kept === undefined) position += 1;
    }
  }
  return plan;
}

/** Of one database's backups the one that is never removed unasked; of those of the future only where there are no others. */
export function lastToGo<Backup extends RetainedBackup>(
  backups: readonly Backup[],
  now: Date,
): Backup | undefined {
  const { past } = splitByClock(backups, now);
  return newestVerifiedOf(past.length > 0 ? past : backups);
}

/** The newest of all where none is verified. */
function newestVerifiedOf<Backup extends RetainedBackup>(newestFirst: readonly Backup[]): Backup | undefined {
  return newestFirst.find((backup) => backup.verifiedAt !== null) ?? newestFirst[0];
}

function reasonToKeep(
  backup: RetainedBackup,
  position: number,
  newestVerified: RetainedBackup | undefined,
  question: RetentionQuestion,
): string | undefined {
  if (!isOld(backup, question)) return age(backup, question);
  if (position < question.keepLast) return `among the ${question.keepLast} newest of the database`;
  if (backup !== newestVerified) return question.readers?.get(backup.id);
  return backup.verifiedAt === null
    ? 'the newest of the database, which has no verified backup'
    : 'the newest verified backup of the database';
}

function isOld(backup: RetainedBackup, { now, retentionDays }: RetentionQuestion): boolean {
  return now.getTime() - Date.parse(backup.takenAt) > retentionDays * dayMs;
}

function age(backup: RetainedBackup, question: RetentionQuestion): string {
  const days = Math.floor((question.now.getTime() - Date.parse(backup.takenAt)) / dayMs);
  const limit = counted(question.retentionDays, 'day');
  return isOld(backup, question) ? `older than ${limit}` : `${counted(days, 'day')} old, kept for ${limit}`;
}

/** What the clock can judge, newest first; and what it can't, which is kept. */
function splitByClock<Backup extends RetainedBackup>(backups: readonly Backup[], now: Date) {
  const past: Backup[] = [];
  const unusable: RetentionDecision[] = [];
  for (const backup of backups) {
    const takenAt = Date.parse(backup.takenAt);
    if (takenAt <= now.getTime()) past.push(backup);
    else if (Number.isNaN(takenAt)) unusable.push({ id: backup.id, because: 'its date cannot be read' });
    else unusable.push({ id: backup.id, because: `dated in the future: ${backup.takenAt}` });
  }
  past.sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt) || (a.id < b.id ? 1 : -1));
  return { past, unusable };
}

function byDatabase(backups: readonly RetainedBackup[]): Iterable<RetainedBackup[]> {
  const groups = new Map<string, RetainedBackup[]>();
  for (const backup of backups) {
    const key = JSON.stringify([backup.cluster, backup.database]);
    const group = groups.get(key);
    if (group) group.push(backup);
    else groups.set(key, [backup]);
  }
  return groups.values();
}

function refuseNonsense({ now, retentionDays, keepLast }: RetentionQuestion): void {
  const wrong = (cause: string) => {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'plan retention',
      cause,
      remedy: 'set RETENTION_DAYS to 1 or more, and --keep-last to 0 or more',
    });
  };
  if (Number.isNaN(now.getTime())) wrong('the present time is unknown');
  if (!(retentionDays >= 1)) wrong(`retention of ${retentionDays} days`);
  if (!Number.isInteger(keepLast) || keepLast < 0) wrong(`${keepLast} backups to keep`);
}
