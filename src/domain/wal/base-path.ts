import { type BaseBackupSummary, type LsnText, positionOf } from './base-backup.js';
import { firstTimeline, liesAlong, type TimelineHistory } from './timeline-history.js';
import { formatLsn } from './wal-position.js';

/** Where in the write-ahead log a base backup was taken. */
export type BasePosition = Pick<BaseBackupSummary, 'timeline' | 'startLsn' | 'stopLsn'>;

/** A timeline, and where it comes from. */
export interface KnownTimeline {
  timeline: number;
  /** Undefined where its `.history` is missing or can't be read; the first timeline has none. */
  history?: TimelineHistory | undefined;
}

/** WAL that is needed: of a timeline, from a position on. */
export interface NeededWal {
  timeline: number;
  fromLsn: LsnText;
}

/**
 * Whether recovery from a base backup can reach a timeline: along its history, from a copy that had become consistent
 * when its own timeline was left (recovery otherwise ends with "requested timeline does not contain minimum recovery
 * point"). `unknown` without the history.
 */
export function leadsTo(base: BasePosition, { timeline, history }: KnownTimeline): boolean | 'unknown' {
  if (base.timeline === timeline) return true;
  if (base.timeline > timeline) return false;
  return history === undefined ? 'unknown' : liesAlong(history, base.timeline, positionOf(base.stopLsn));
}

/** The timelines on the way from a base backup to another one, each with the position from which its WAL is needed. */
export function pathTo(base: BasePosition, { timeline, history }: KnownTimeline): NeededWal[] {
  const own = { timeline: base.timeline, fromLsn: base.startLsn };
  if (base.timeline === timeline) return [own];
  const after = (history ?? firstTimeline(timeline)).filter((part) => part.timeline > base.timeline);
  return [own, ...after.map((part) => ({ timeline: part.timeline, fromLsn: formatLsn(part.begin) }))];
}
