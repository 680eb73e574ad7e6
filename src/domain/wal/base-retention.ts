import type { RetentionDecision } from '../backup/retention.js';
import { dayMs } from '../durations.js';
import { HoldfastError } from '../errors.js';
import { type BaseBackupSummary, type LsnText, positionOf } from './base-backup.js';
import { type KnownTimeline, leadsTo, type NeededWal, pathTo } from './base-path.js';

/** What the plan needs to know of a base backup. */
export type RetainedBase = Pick<
  BaseBackupSummary,
  'id' | 'timeline' | 'startLsn' | 'stopLsn' | 'stoppedAt' | 'verifiedAt'
>;

/** What the archive holds of a timeline. */
export interface ArchivedTimeline extends KnownTimeline {
  /** When its newest segment came into the archive, ISO 8601; absent: unknown, it is taken to be in use. */
  lastArchivedAt?: string | undefined;
}

export interface BaseRetentionQuestion {
  /** Of one system identifier: another cluster's are not this plan's to judge. */
  bases: readonly RetainedBase[];
  /** Every timeline of which the archive has a segment or a `.history`. */
  timelines: readonly ArchivedTimeline[];
  now: Date;
  /** `WAL_RETENTION_DAYS`: every point that is no older stays recoverable. */
  walRetentionDays: number;
  /** Base backups that something reads at this moment, by id, and what reads them in words. */
  readers?: ReadonlyMap<string, string>;
}

export interface BaseRetentionPlan {
  keep: RetentionDecision[];
  expire: RetentionDecision[];
  /**
   * From where on WAL is needed, timeline by timeline, the segment that holds the position included; of a timeline
   * that is not named nothing is. `all` while there is no base backup by which to judge.
   */
  wal: NeededWal[] | 'all';
}

/**
 * Decides which base backups have expired. Those finished within the window stay, and for each timeline on which the
 * window may have a point the newest verified one finished before it, from which alone the window's beginning can be
 * reached. The newest verified one of all stays whatever its age. A base backup dated in the future, or without a
 * readable date, stays and counts as none of these.
 * @throws HoldfastError `ConfigurationInvalid` for less than one day
 */
export function planBaseRetention(question: BaseRetentionQuestion): BaseRetentionPlan {
  refuseNonsense(question);
  const anchors = anchorsOf(question);
  const plan: BaseRetentionPlan = { keep: [], expire: [], wal: 'all' };
  for (const base of question.bases) {
    const reason = reasonToKeep(base, anchors, question);
    const because = reason ?? 'a newer base backup reaches the whole window';
    (reason === undefined ? plan.expire : plan.keep).push({ id: base.id, because });
  }
  const kept = new Set(plan.keep.map(({ id }) => id));
  plan.wal = neededWal(
    question.bases.filter(({ id }) => kept.has(id)),
    question.timelines,
  );
  return plan;
}

function reasonToKeep(
  base: RetainedBase,
  anchors: ReadonlyMap<string, string>,
  question: BaseRetentionQuestion,
): string | undefined {
  const stoppedAt = Date.parse(base.stoppedAt);
  if (Number.isNaN(stoppedAt)) return 'its date cannot be read';
  if (stoppedAt > question.now.getTime()) return `dated in the future: ${base.stoppedAt}`;
  if (stoppedAt >= windowStart(question)) return `within the window of ${days(question)}`;
  return anchors.get(base.id) ?? question.readers?.get(base.id);
}

/** The base backups that the window's beginning needs, and why, by id. */
function anchorsOf(question: BaseRetentionQuestion): Map<string, string> {
  const now = question.now.getTime();
  const usable = question.bases
    .filter(({ stoppedAt, verifiedAt }) => verifiedAt !== null && Date.parse(stoppedAt) <= now)
    .toSorted(newestFirst);
  const before = usable.filter(({ stoppedAt }) => Date.parse(stoppedAt) < windowStart(question));
  const anchors = new Map<string, string>();
  for (const timeline of timelinesInUse(question)) {
    for (const base of anchorsFor(timeline, before)) {
      anchors.set(
        base.id,
        `the window of ${days(question)} begins after it on timeline ${timeline.timeline}`,
      );
    }
  }
  const [newest] = usable;
  if (newest && !anchors.has(newest.id)) anchors.set(newest.id, 'the newest verified base backup');
  return anchors;
}

/** The newest that leads there. Where none is sure to and the `.history` is missing, all that may. */
function anchorsFor(timeline: ArchivedTimeline, newestFirst: readonly RetainedBase[]): RetainedBase[] {
  const sure = newestFirst.find((base) => leadsTo(base, timeline) === true);
  return sure ? [sure] : newestFirst.filter((base) => leadsTo(base, timeline) === 'unknown');
}

/** Timelines on which the window may have a point: the newest, and every one archived to within the window. */
function timelinesInUse(question: BaseRetentionQuestion): ArchivedTimeline[] {
  const known = knownTimelines(question);
  const newest = Math.max(...known.map(({ timeline }) => timeline));
  return known.filter(({ timeline, lastArchivedAt }) => {
    const archivedAt = lastArchivedAt === undefined ? Number.NaN : Date.parse(lastArchivedAt);
    return timeline === newest || Number.isNaN(archivedAt) || archivedAt >= windowStart(question);
  });
}

/** A base backup's timeline is one even before the archive has a segment of it. */
function knownTimelines({ bases, timelines }: BaseRetentionQuestion): ArchivedTimeline[] {
  const known = new Map<number, ArchivedTimeline>(bases.map(({ timeline }) => [timeline, { timeline }]));
  for (const timeline of timelines) known.set(timeline.timeline, timeline);
  return [...known.values()];
}

function neededWal(
  kept: readonly RetainedBase[],
  timelines: readonly ArchivedTimeline[],
): NeededWal[] | 'all' {
  if (kept.length === 0) return 'all';
  const needed = new Map<number, LsnText>();
  const need = ({ timeline, fromLsn }: NeededWal) => {
    const known = needed.get(timeline);
    if (known === undefined || positionOf(fromLsn) < positionOf(known)) needed.set(timeline, fromLsn);
  };
  for (const base of kept) {
    need({ timeline: base.timeline, fromLsn: base.startLsn });
    for (const timeline of timelines) {
      const leads = leadsTo(base, timeline);
      if (leads === true) pathTo(base, timeline).forEach(need);
      // Where it begins can't be told.
      else if (leads === 'unknown') need({ timeline: timeline.timeline, fromLsn: '0/0' });
    }
  }
  return [...needed].map(([timeline, fromLsn]) => ({ timeline, fromLsn }));
}

function newestFirst(a: RetainedBase, b: RetainedBase): number {
  return Date.parse(b.stoppedAt) - Date.parse(a.stoppedAt) || (a.id < b.id ? 1 : -1);
}

function windowStart({ now, walRetentionDays }: BaseRetentionQuestion): number {
  return now.getTime() - walRetentionDays * dayMs;
}

function days({ walRetentionDays }: BaseRetentionQuestion): string {
  return `${walRetentionDays} ${walRetentionDays === 1 ? 'day' : 'days'}`;
}

function refuseNonsense({ now, walRetentionDays, bases }: BaseRetentionQuestion): void {
  const attempted = 'plan the retention of base backups';
  const remedy = 'set WAL_RETENTION_DAYS to 1 or more';
  const wrong = (cause: string) => new HoldfastError('ConfigurationInvalid', { attempted, cause, remedy });
  if (Number.isNaN(now.getTime())) throw wrong('the present time is unknown');
  if (!(walRetentionDays >= 1)) throw wrong(`retention of ${walRetentionDays} days`);
  for (const base of bases) [base.startLsn, base.stopLsn].forEach(positionOf);
}
