import { positionOf } from '../wal/base-backup.js';
import { type KnownTimeline, leadsTo } from '../wal/base-path.js';
import type { RetainedBase } from '../wal/base-retention.js';
import { type RecoveryTarget, targetInstant } from './target.js';

export interface BaseQuestion {
  /** Of the cluster's system identifier. */
  bases: readonly RetainedBase[];
  target: RecoveryTarget;
  /** To which recovery goes. */
  timeline: KnownTimeline;
}

/**
 * The base backup to recover from: of the verified ones that lead to the timeline and had ended before the target the
 * newest, since from it there is least to replay. When a transaction or a restore point was is not known beforehand:
 * then the oldest, from which every point is reached. Undefined where there is none.
 */
export function chooseBase({ bases, target, timeline }: BaseQuestion): RetainedBase | undefined {
  const usable = bases
    .filter((base) => base.verifiedAt !== null && !Number.isNaN(Date.parse(base.stoppedAt)))
    .filter((base) => leadsTo(base, timeline) === true)
    .toSorted((a, b) => (positionOf(a.stopLsn) < positionOf(b.stopLsn) ? 1 : -1));
  switch (target.kind) {
    case 'time': {
      const time = targetInstant(target.time).getTime();
      return usable.find(({ stoppedAt }) => Date.parse(stoppedAt) <= time);
    }
    case 'lsn':
      return usable.find(({ stopLsn }) => positionOf(stopLsn) <= positionOf(target.lsn));
    case 'immediate':
    case 'latest':
      return usable[0];
    default:
      return usable.at(-1);
  }
}
