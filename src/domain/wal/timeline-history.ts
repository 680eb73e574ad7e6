import { type Lsn, lsnOf, parseLsn } from './wal-position.js';
import { type Segment, segmentNumberOf } from './wal-segment.js';

/** The part of the write-ahead log that one timeline adds: from `begin` (included) to `end` (not included). */
export interface TimelinePart {
  timeline: number;
  begin: Lsn;
  /** Null on the newest timeline, which goes on. */
  end: Lsn | null;
}

/** A timeline and its ancestors, oldest first, each beginning where the one before it ends. */
export type TimelineHistory = readonly TimelinePart[];

/** The history of a timeline that has no file: the first one, which has no ancestors. */
export function firstTimeline(timeline = 1): TimelineHistory {
  return [{ timeline, begin: lsnOf(0n), end: null }];
}

/**
 * Reads a `.history` file as readTimeLineHistory() of PostgreSQL does: a line an ancestor with its number, where it was
 * left, and why; `#` begins a comment. `why` says what is wrong with it.
 */
export function parseTimelineHistory(
  timeline: number,
  text: string,
): { history: TimelineHistory } | { why: string } {
  const history: TimelinePart[] = [];
  for (const line of text.split('\n')) {
    const told = line.trim();
    if (told === '' || told.startsWith('#')) continue;
    const [, number = '', position = ''] = /^(\d{1,10})\s+(\S+)/.exec(told) ?? [];
    const end = parseLsn(position);
    if (end === undefined) return { why: `a line is no ancestor with its end: ${JSON.stringify(told)}` };
    const before = history.at(-1);
    const part = { timeline: Number(number), begin: before?.end ?? lsnOf(0n), end };
    if (part.timeline <= (before?.timeline ?? 0) || end < part.begin) {
      return { why: `ancestors are not in order: ${JSON.stringify(told)}` };
    }
    history.push(part);
  }
  const parent = history.at(-1);
  if (!parent) return { why: 'it names no ancestor' };
  if (parent.timeline >= timeline)
    return { why: `timeline ${timeline} would descend from ${parent.timeline}` };
  return { history: [...history, { timeline, begin: parent.end ?? lsnOf(0n), end: null }] };
}

/** A run of segments of one timeline, by their numbers; `last` is infinite on a timeline that goes on. */
export interface SegmentRun {
  timeline: number;
  first: number;
  last: number;
}

/**
 * Which timeline's file recovery along `history` reads for each segment, from segment number `from` on. Of a segment in
 * which a timeline was left, both have a file, and the newer one's is read: it begins with a copy of the older one's
 * part (XLogInitNewTimeline(), XLogFileReadAnyTLI()).
 */
export function segmentsAlong(
  history: TimelineHistory,
  from: number,
  segmentSizeBytes: number,
): SegmentRun[] {
  const begins = history.map(({ begin }) => segmentNumberOf(begin, segmentSizeBytes));
  return history.flatMap(({ timeline }, index) => {
    const first = Math.max(from, begins[index] ?? 0);
    const last = (begins[index + 1] ?? Number.POSITIVE_INFINITY) - 1;
    return first <= last ? [{ timeline, first, last }] : [];
  });
}

/** The file that recovery along `history` reads for a segment's number. */
export function segmentAlong(
  history: TimelineHistory,
  number: number,
  segmentSizeBytes: number,
): Segment | undefined {
  const run = segmentsAlong(history, number, segmentSizeBytes)[0];
  return run && { timeline: run.timeline, number };
}

/** Whether `lsn` of `timeline` lies on the way to the newest timeline of `history`, rather than on a branch that was left. */
export function liesAlong(history: TimelineHistory, timeline: number, lsn: Lsn): boolean {
  const part = history.find((candidate) => candidate.timeline === timeline);
  return part !== undefined && (part.end === null || lsn <= part.end);
}
