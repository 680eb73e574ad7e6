import { type LsnText, requireLsn } from './lsn.js';

/** One line of a `.history` file: a timeline that was left, and where. */
export interface TimelineStep {
  timeline: number;
  /** Up to here WAL is the old timeline's. */
  switchLsn: LsnText;
}

/** Where a timeline comes from: its `.history`, oldest first. Timeline 1 comes from nowhere. */
export interface TimelineOrigin {
  timeline: number;
  /** Undefined where its `.history` is missing or can't be read. */
  history?: readonly TimelineStep[] | undefined;
}

/**
 * Whether recovery from a base backup can reach timeline `to`: they are of the same timeline, or the base backup's
 * was left for it after the copy had become consistent (recovery otherwise ends with "requested timeline does not
 * contain minimum recovery point"). `unknown` without the `.history`.
 */
export function leadsTo(
  base: { timeline: number; stopLsn: LsnText },
  to: TimelineOrigin,
): boolean | 'unknown' {
  if (base.timeline === to.timeline) return true;
  if (base.timeline > to.timeline) return false;
  const history = historyOf(to);
  if (history === undefined) return 'unknown';
  const left = history.find(({ timeline }) => timeline === base.timeline);
  return left !== undefined && requireLsn(base.stopLsn) <= requireLsn(left.switchLsn);
}

/** The timelines on the way from a base backup to timeline `to`, each with the position from which its WAL is needed. */
export function pathTo(
  base: { timeline: number; startLsn: LsnText },
  to: TimelineOrigin,
): { timeline: number; fromLsn: LsnText }[] {
  const path = [{ timeline: base.timeline, fromLsn: base.startLsn }];
  if (base.timeline === to.timeline) return path;
  const left = (historyOf(to) ?? []).filter(({ timeline }) => timeline >= base.timeline);
  left.forEach(({ switchLsn }, at) => {
    path.push({ timeline: left[at + 1]?.timeline ?? to.timeline, fromLsn: switchLsn });
  });
  return path;
}

function historyOf({ timeline, history }: TimelineOrigin): readonly TimelineStep[] | undefined {
  return timeline === 1 ? [] : history;
}
