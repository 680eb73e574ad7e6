import type { RetainedBase } from './base-retention.js';

/** A stretch of time, both ends included, ISO 8601. */
export interface TimeRange {
  from: string;
  to: string;
}

/** What a verification of the archive says of time; null: from the very beginning, or until the next base backup. */
export interface ArchiveHole {
  unrecoverableFrom: string | null;
  unrecoverableTo: string | null;
}

export interface WindowQuestion {
  /** Of the cluster's system identifier. */
  bases: readonly Pick<RetainedBase, 'id' | 'stoppedAt' | 'verifiedAt'>[];
  /** Those on the way to the server's timeline. */
  holes: readonly ArchiveHole[];
  /** When the last byte of the newest whole segment of the archive was written, ISO 8601; null: there is none. */
  archivedTo: string | null;
  now: Date;
}

/** From when to when a cluster can be recovered to any instant. */
export interface RecoverableWindow extends TimeRange {
  /** Stretches between the ends to no instant of which recovery is possible. */
  gaps: TimeRange[];
}

/**
 * The recoverable window of a cluster (null: there is none): from the end of its oldest verified base backup, to what is
 * archived, without the holes. The ends are the clocks' of those who wrote: an instant close to one may lie outside.
 * A base backup dated in the future says nothing of any instant, nor does one without a date that can be read.
 */
export function recoverableWindow({
  bases,
  holes,
  archivedTo,
  now,
}: WindowQuestion): RecoverableWindow | null {
  const starts = bases
    .filter(({ verifiedAt }) => verifiedAt !== null)
    .map(({ stoppedAt }) => Date.parse(stoppedAt))
    .filter((stoppedAt) => stoppedAt <= now.getTime())
    .sort((a, b) => a - b);
  const [first] = starts;
  const newest = starts.at(-1);
  if (first === undefined || newest === undefined) return null;
  const archived = archivedTo === null ? newest : Date.parse(archivedTo);
  // Clocks differ: what was archived in the future was archived by now.
  const last = Math.min(Math.max(newest, Number.isNaN(archived) ? newest : archived), now.getTime());
  const spans = without([{ from: first, to: last }], holes.map(asSpan));
  const [start, end] = [spans[0], spans.at(-1)];
  if (!start || !end) return null;
  const gaps = spans.slice(1).map((span, at) => range({ from: spans[at]?.to ?? span.from, to: span.from }));
  return { ...range({ from: start.from, to: end.to }), gaps };
}

/** Whether an instant lies in a window, and in none of its gaps; their ends can be recovered to. */
export function isRecoverableTo(window: RecoverableWindow | null, instant: Date): boolean {
  if (!window) return false;
  const at = instant.getTime();
  const { from, to, gaps } = window;
  if (!(at >= Date.parse(from) && at <= Date.parse(to))) return false;
  return !gaps.some((gap) => at > Date.parse(gap.from) && at < Date.parse(gap.to));
}

/** Milliseconds since 1970. */
interface Span {
  from: number;
  to: number;
}

function asSpan({ unrecoverableFrom, unrecoverableTo }: ArchiveHole): Span {
  return {
    from: unrecoverableFrom === null ? Number.NEGATIVE_INFINITY : Date.parse(unrecoverableFrom),
    to: unrecoverableTo === null ? Number.POSITIVE_INFINITY : Date.parse(unrecoverableTo),
  };
}

/** What is left of the spans without the inside of the holes. */
function without(spans: Span[], holes: Span[]): Span[] {
  return holes.reduce(
    (left, hole) =>
      left.flatMap((span) => {
        if (hole.to <= span.from || hole.from >= span.to) return [span];
        const before = hole.from >= span.from ? [{ from: span.from, to: hole.from }] : [];
        const after = hole.to <= span.to ? [{ from: hole.to, to: span.to }] : [];
        return [...before, ...after];
      }),
    spans,
  );
}

function range({ from, to }: Span): TimeRange {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
