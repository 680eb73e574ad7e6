import {
  firstTimeline,
  liesAlong,
  type SegmentRun,
  segmentsAlong,
  type TimelineHistory,
} from './timeline-history.js';
import type { Lsn } from './wal-position.js';
import { type Segment, segmentNumberOf, segmentStart } from './wal-segment.js';

/** A whole segment of the archive. */
export interface PresentSegment extends Segment {
  /** When its last byte was written, in milliseconds since 1970. */
  writtenAtMs: number;
}

/** A base backup, as far as the archive goes. */
export interface BaseStart {
  timeline: number;
  startLsn: Lsn;
  /** From when on it can be recovered to, ISO 8601: its end. */
  consistentAt: string;
}

export interface CoverageQuestion {
  segments: readonly PresentSegment[];
  /** Of each timeline that has a file; the first one has none. */
  histories: ReadonlyMap<number, TimelineHistory>;
  segmentSizeBytes: number;
  /** On which the server writes. */
  currentTimeline: number;
  /** Base backups that are kept. The archive must reach back to the oldest; without any, to its own oldest segment. */
  bases: readonly BaseStart[];
}

/** Segments in a row that recovery would ask for and not find. */
export interface SegmentGap {
  timeline: number;
  /** Numbers of the first and last missing segment. */
  first: number;
  last: number;
  /**
   * What can't be recovered to, as the files' times tell it: from the last byte before the gap (null: from the very
   * beginning) to the next base backup (null: until there is one).
   */
  unrecoverableFrom: string | null;
  unrecoverableTo: string | null;
}

/**
 * What is missing between the oldest base backup and the newest segment: along the history of the current timeline, and
 * within timelines that were left. Takes time by the number of segments there are, whatever is missing.
 */
export function findGaps(question: CoverageQuestion): SegmentGap[] {
  const { histories, currentTimeline, segmentSizeBytes } = question;
  const history = histories.get(currentTimeline) ?? firstTimeline(currentTimeline);
  const present = byTimeline(question.segments);
  const from = startAlong(history, question, present);
  const runs = from === undefined ? [] : segmentsAlong(history, from, segmentSizeBytes);
  const wanted = runs.map((run) => upToNewest(run, present));
  const left = [...present.keys()].filter((timeline) => !history.some((part) => part.timeline === timeline));
  const branches = left.map((timeline) => branch(timeline, question, present));
  return [...wanted, ...branches].flatMap((run) =>
    holes(present.get(run.timeline) ?? [], run).map((hole) => withTimes(hole, history, question, present)),
  );
}

type Present = ReadonlyMap<number, readonly PresentSegment[]>;

function byTimeline(segments: readonly PresentSegment[]): Present {
  const groups = new Map<number, PresentSegment[]>();
  for (const segment of segments) {
    const group = groups.get(segment.timeline);
    if (group) group.push(segment);
    else groups.set(segment.timeline, [segment]);
  }
  for (const group of groups.values()) group.sort((a, b) => a.number - b.number);
  return groups;
}

/** Number of the first segment that must be there; undefined where there are neither bases nor segments. */
function startAlong(
  history: TimelineHistory,
  { bases, segmentSizeBytes }: CoverageQuestion,
  present: Present,
): number | undefined {
  const starts = bases
    .filter(({ timeline, startLsn }) => liesAlong(history, timeline, startLsn))
    .map(({ startLsn }) => segmentNumberOf(startLsn, segmentSizeBytes));
  if (starts.length > 0) return Math.min(...starts);
  const oldest = segmentsAlong(history, 0, segmentSizeBytes).flatMap(({ timeline, first, last }) => {
    const inRun = present.get(timeline)?.find(({ number }) => number >= first && number <= last);
    return inRun ? [inRun.number] : [];
  });
  return oldest.length === 0 ? undefined : Math.min(...oldest);
}

/** A timeline that goes on is wanted as far as it has come: its newest segment. */
function upToNewest(run: SegmentRun, present: Present): SegmentRun {
  if (Number.isFinite(run.last)) return run;
  return { ...run, last: present.get(run.timeline)?.at(-1)?.number ?? run.first - 1 };
}

/** A timeline that was left: from its oldest base backup, else its first segment, to its last one. */
function branch(
  timeline: number,
  { bases, segmentSizeBytes }: CoverageQuestion,
  present: Present,
): SegmentRun {
  const starts = bases
    .filter((base) => base.timeline === timeline)
    .map(({ startLsn }) => segmentNumberOf(startLsn, segmentSizeBytes));
  const segments = present.get(timeline) ?? [];
  const first = Math.min(...(starts.length > 0 ? starts : [segments[0]?.number ?? 0]));
  return { timeline, first, last: segments.at(-1)?.number ?? first - 1 };
}

/** A run of segments that are missing, and the one before it on the same timeline. */
interface Hole extends SegmentRun {
  before: PresentSegment | undefined;
}

/** The runs of numbers from `first` to `last` that none of the segments has. */
function holes(segments: readonly PresentSegment[], { timeline, first, last }: SegmentRun): Hole[] {
  const found: Hole[] = [];
  let next = first;
  let before: PresentSegment | undefined;
  for (const segment of segments) {
    if (segment.number > last) break;
    if (segment.number > next) found.push({ timeline, first: next, last: segment.number - 1, before });
    next = Math.max(next, segment.number + 1);
    before = segment;
  }
  if (next <= last) found.push({ timeline, first: next, last, before });
  return found;
}

function withTimes(
  { before, ...run }: Hole,
  history: TimelineHistory,
  { bases, segmentSizeBytes }: CoverageQuestion,
  present: Present,
): SegmentGap {
  const end = segmentStart(run.last + 1, segmentSizeBytes);
  const isOnWay = history.some(({ timeline }) => timeline === run.timeline);
  const next = bases
    .filter(({ timeline, startLsn }) =>
      isOnWay ? liesAlong(history, timeline, startLsn) : timeline === run.timeline,
    )
    .filter(({ startLsn }) => startLsn >= end)
    .map(({ consistentAt }) => consistentAt)
    .sort((a, b) => Date.parse(a) - Date.parse(b));
  const last = before ?? (isOnWay ? lastOfAncestors(run, history, present) : undefined);
  return {
    ...run,
    unrecoverableFrom: last === undefined ? null : new Date(last.writtenAtMs).toISOString(),
    unrecoverableTo: next[0] ?? null,
  };
}

/** The nearest segment before the run on a timeline that this one descends from. */
function lastOfAncestors(
  run: SegmentRun,
  history: TimelineHistory,
  present: Present,
): PresentSegment | undefined {
  const ancestors = history.map(({ timeline }) => timeline).filter((timeline) => timeline < run.timeline);
  for (const timeline of ancestors.reverse()) {
    const found = present.get(timeline)?.findLast(({ number }) => number < run.first);
    if (found) return found;
  }
  return undefined;
}
