import type { ArchiveGap, ArchiveReport } from './archive-report.js';
import type { BaseBackupSummary } from './base-backup.js';
import { HoldfastError } from './errors.js';
import { requireLsn } from './lsn.js';
import type { RecoverableWindow } from './recovery-contracts.js';
import { describeTarget, parseTargetTime, type RecoveryTarget } from './recovery-target.js';

export interface RecoveryQuestion {
  target: RecoveryTarget;
  /** Of one cluster. */
  bases: readonly BaseBackupSummary[];
  /** Of the archive, verified against these base backups. */
  archive: Pick<ArchiveReport, 'gaps' | 'newest' | 'newestWrittenAt'>;
  /** Id of the base backup that was asked for. */
  baseId?: string;
}

/** The base backup to recover from, and the window that it was chosen from. */
export interface PlannedRecovery {
  base: BaseBackupSummary;
  window: RecoverableWindow;
}

/**
 * Chooses the newest base backup from which the target can be reached, and refuses a target that surely can't be: one
 * outside the window, or behind a gap of the archive. For a transaction or a named point only replay can tell: the
 * newest base backup is taken, and an older one where it is asked for.
 * @throws HoldfastError `RecoveryTargetInvalid`, `BackupNotFound`
 */
export function planRecovery(question: RecoveryQuestion): PlannedRecovery {
  const { bases, baseId, target, archive } = question;
  const usable = bases
    .filter(({ verifiedAt }) => verifiedAt !== null)
    .toSorted((a, b) => Date.parse(b.stoppedAt) - Date.parse(a.stoppedAt));
  const [newest] = usable;
  const oldest = usable.at(-1);
  if (!newest || !oldest) throw noBase('there is no base backup');
  const window = { from: oldest.stoppedAt, to: latest(newest.stoppedAt, archive.newestWrittenAt) };
  if (baseId !== undefined) {
    const asked = usable.find(({ id }) => id === baseId);
    if (!asked) throw noBase(`there is no base backup ${JSON.stringify(baseId)} that was verified`);
    requireReach(asked, question, window);
    return { base: asked, window };
  }
  const base = usable.find((each) => canReach(each, target));
  if (!base) throw outside(target, window);
  requireReach(base, question, window);
  return { base, window };
}

function requireReach(
  base: BaseBackupSummary,
  { target, archive }: RecoveryQuestion,
  window: RecoverableWindow,
) {
  if (!canReach(base, target)) throw outside(target, window);
  if (target.kind !== 'time') return;
  const at = Date.parse(parseTargetTime(target.time));
  if (at > Date.parse(window.to)) throw outside(target, window);
  const gap = archive.gaps.items.find((each) => liesBetween(each, base, at));
  if (!gap) return;
  const until = gap.unrecoverableTo ?? 'there is another base backup';
  throw new HoldfastError('RecoveryTargetInvalid', {
    attempted: `recover to ${describeTarget(target)}`,
    cause: `WAL is missing: ${gap.firstMissing} to ${gap.lastMissing}; nothing from ${gap.unrecoverableFrom ?? window.from} until ${until} can be recovered to`,
    remedy: 'choose a time before that, or after',
  });
}

/** Whether recovery from the base backup to that time would meet the gap. */
function liesBetween(
  { unrecoverableFrom, unrecoverableTo }: ArchiveGap,
  base: BaseBackupSummary,
  at: number,
) {
  const isMended = unrecoverableTo !== null && Date.parse(unrecoverableTo) <= Date.parse(base.stoppedAt);
  if (isMended) return false;
  return unrecoverableFrom === null || Date.parse(unrecoverableFrom) < at;
}

/** A base backup can be recovered to no point before its end, at which it became consistent. */
function canReach(base: BaseBackupSummary, target: RecoveryTarget): boolean {
  switch (target.kind) {
    case 'time':
      return Date.parse(base.stoppedAt) <= Date.parse(parseTargetTime(target.time));
    case 'lsn':
      return requireLsn(base.stopLsn) <= requireLsn(target.lsn);
    default:
      return true;
  }
}

function latest(a: string, b: string | null): string {
  return b !== null && Date.parse(b) > Date.parse(a) ? b : a;
}

function outside(target: RecoveryTarget, { from, to }: RecoverableWindow): HoldfastError {
  return new HoldfastError('RecoveryTargetInvalid', {
    attempted: `recover to ${describeTarget(target)}`,
    cause: `it is outside what can be recovered to: from ${from} to ${to}`,
    remedy:
      'choose a point within; `holdfast wal` has the server complete its last segment, so that the present is in',
  });
}

function noBase(cause: string): HoldfastError {
  const remedy = '`holdfast wal` takes one when none is young enough';
  return new HoldfastError('BackupNotFound', { attempted: 'choose a base backup', cause, remedy });
}
