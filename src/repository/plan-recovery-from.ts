import { HoldfastError } from '../domain/errors.js';
import { type PlannedRecovery, planRecovery } from '../domain/recovery/plan.js';
import type { RecoveryTarget, TargetTimeline } from '../domain/recovery/target.js';
import type { LsnText } from '../domain/wal/base-backup.js';
import { formatLsn } from '../domain/wal/wal-position.js';
import { parseSegmentName, segmentStart } from '../domain/wal/wal-segment.js';
import type { BaseRepository } from './base/base-repository.js';
import type { WalLayout } from './local/wal/wal-layout.js';
import { lookAtArchive } from './look-at-archive.js';

export interface RecoveryWish {
  cluster: string;
  target: RecoveryTarget;
  timeline: TargetTimeline;
  /** Id of the base backup that was asked for. */
  base?: string;
  signal: AbortSignal;
}

/**
 * Plans a recovery from what the repository has, for which no server need be there.
 * @throws HoldfastError as {@link planRecovery}
 */
export async function planRecoveryFrom(
  { bases: repository, layout }: { bases: BaseRepository; layout: WalLayout },
  { cluster, target, timeline, base, signal }: RecoveryWish,
): Promise<PlannedRecovery> {
  const { bases: all } = await repository.list();
  const [newest] = all;
  if (!newest) {
    throw new HoldfastError('BackupNotFound', {
      attempted: `recover cluster "${cluster}"`,
      cause: `${repository.folder} has no base backup`,
      remedy: '`holdfast wal setup` and `holdfast wal` make what a recovery needs',
    });
  }
  const bases = all.filter(({ systemIdentifier }) => systemIdentifier === newest.systemIdentifier);
  const found = await lookAtArchive({ layout, bases, newest, timeline, signal });
  return planRecovery({
    ...{ target, bases, now: new Date() },
    ...found,
    ...(base !== undefined && { baseId: base }),
  });
}

/**
 * Where the newest whole segment on the way to the timeline begins, which a recovery to the very end has to get to;
 * undefined where the archive has none.
 */
export async function newestArchived(
  { bases: repository, layout }: { bases: BaseRepository; layout: WalLayout },
  { timeline, base, signal }: Pick<RecoveryWish, 'timeline' | 'signal'> & { base: string },
): Promise<LsnText | undefined> {
  const { bases } = await repository.list();
  const newest = bases.find(({ id }) => id === base);
  if (!newest) return undefined;
  const { newest: name } = await lookAtArchive({ layout, bases: [newest], newest, timeline, signal });
  const segment = parseSegmentName(name ?? '', newest.walSegmentSizeBytes);
  return segment && formatLsn(segmentStart(segment.number, newest.walSegmentSizeBytes));
}
