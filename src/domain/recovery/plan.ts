import { HoldfastError } from '../errors.js';
import type { BaseBackupSummary } from '../wal/base-backup.js';
import type { KnownTimeline } from '../wal/base-path.js';
import {
  type ArchiveHole,
  isRecoverableTo,
  type RecoverableWindow,
  recoverableWindow,
} from '../wal/recoverable-window.js';
import { chooseBase } from './choose-base.js';
import { describeTarget, type RecoveryTarget, targetInstant } from './target.js';

export interface RecoveryQuestion {
  target: RecoveryTarget;
  /** To which recovery goes. */
  timeline: KnownTimeline;
  /** Of one cluster. */
  bases: readonly BaseBackupSummary[];
  /** Id of the base backup that was asked for. */
  baseId?: string;
  /** What the archive lacks on the way to the timeline. */
  holes: readonly ArchiveHole[];
  /** When the last byte of the archive's newest segment was written, ISO 8601; null: there is none. */
  archivedTo: string | null;
  now: Date;
}

/** The base backup to recover from, and the window in which its target lies. */
export interface PlannedRecovery {
  base: BaseBackupSummary;
  window: RecoverableWindow | null;
}

/**
 * Chooses the base backup to recover from, and refuses a target that surely can't be reached, with the window. Where a
 * transaction or a named point is, only replay can tell.
 * @throws HoldfastError `RecoveryTargetInvalid`, `BackupNotFound`
 */
export function planRecovery(question: RecoveryQuestion): PlannedRecovery {
  const { bases, baseId, target } = question;
  const window = recoverableWindow(question);
  if (bases.length === 0) throw noBase('there is none');
  const candidates = baseId === undefined ? bases : bases.filter(({ id }) => id === baseId);
  if (candidates.length === 0) throw noBase(`there is no base backup ${JSON.stringify(baseId)}`);
  if (target.kind === 'time' && !isRecoverableTo(window, targetInstant(target.time)))
    throw outside(target, window);
  const chosen = chooseBase({ ...question, bases: candidates });
  const base = candidates.find(({ id }) => id === chosen?.id);
  if (!base) throw outside(target, window);
  return { base, window };
}

function outside(target: RecoveryTarget, window: RecoverableWindow | null): HoldfastError {
  const gaps = window?.gaps.map(({ from, to }) => `, but for ${from} to ${to}`).join('') ?? '';
  const cause = window
    ? `no base backup reaches it: what can be recovered to is from ${window.from} to ${window.to}${gaps}`
    : 'nothing can be recovered to: there is no verified base backup';
  return new HoldfastError('RecoveryTargetInvalid', {
    attempted: `recover to ${describeTarget(target)}`,
    cause,
    remedy:
      'choose a point within; `holdfast wal` has the server complete its last segment, so that the present is in',
  });
}

function noBase(cause: string): HoldfastError {
  const remedy = '`holdfast wal` takes one when none is young enough';
  return new HoldfastError('BackupNotFound', { attempted: 'choose a base backup', cause, remedy });
}
