import type { Segment } from './wal-segment.js';

/** How far WAL goes on from a segment, as far as names tell. */
export interface WalReach<T> {
  /** The last segment to which none is missing; undefined: the first one is. */
  last: T | undefined;
  /** Whether there is WAL behind a missing segment. */
  hasGap: boolean;
}

/** Follows segments one by one, over changes of timeline; nothing that lies before `from`, or on an older timeline. */
export function walReach<T extends { segment: Segment }>(from: Segment, segments: Iterable<T>): WalReach<T> {
  const newest = new Map<number, T>();
  let highest = -1;
  for (const one of segments) {
    const { timeline, number } = one.segment;
    if (timeline < from.timeline || number < from.number) continue;
    highest = Math.max(highest, number);
    const other = newest.get(number);
    if (!other || other.segment.timeline < timeline) newest.set(number, one);
  }
  let last: T | undefined;
  for (let next = newest.get(from.number); next; next = newest.get(next.segment.number + 1)) last = next;
  return { last, hasGap: highest > (last?.segment.number ?? from.number - 1) };
}
