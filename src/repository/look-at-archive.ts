import type { TargetTimeline } from '../domain/recovery/target.js';
import type { ArchiveReport } from '../domain/wal/archive-report.js';
import { type BaseBackupSummary, positionOf } from '../domain/wal/base-backup.js';
import type { KnownTimeline } from '../domain/wal/base-path.js';
import type { ArchiveHole } from '../domain/wal/recoverable-window.js';
import { firstTimeline } from '../domain/wal/timeline-history.js';
import { readArchive } from './local/wal/read-archive.js';
import { verifyArchive } from './local/wal/verify-archive.js';
import type { WalLayout } from './local/wal/wal-layout.js';

export interface LookRequest {
  layout: WalLayout;
  /** Of one cluster. */
  bases: readonly BaseBackupSummary[];
  newest: BaseBackupSummary;
  /** On which recovery is to end. */
  timeline: TargetTimeline;
  signal: AbortSignal;
}

/** What the archive has for a recovery, as far as it can be told without a server. */
export interface ArchiveSight {
  timeline: KnownTimeline;
  /** On the way to that timeline. */
  holes: ArchiveHole[];
  /** Also what is streamed up to now, where that follows on the archive. */
  archivedTo: string | null;
  report: ArchiveReport;
  /** Name of the newest whole segment on the way. */
  newest: string | null;
}

/** Verifies the archive against the base backups that are there. */
export async function lookAtArchive(request: LookRequest): Promise<ArchiveSight> {
  const { layout, bases, newest, signal } = request;
  const segmentSizeBytes = newest.walSegmentSizeBytes;
  const contents = await readArchive(layout, segmentSizeBytes, signal);
  const { files, histories } = contents;
  const known = files.map((file) => (file.kind === 'history' ? file.timeline : file.segment.timeline));
  const latest = known.reduce((most, each) => Math.max(most, each), newest.timeline);
  const timeline = { latest, current: newest.timeline }[String(request.timeline)] ?? Number(request.timeline);
  const history = histories.get(timeline) ?? (timeline === 1 ? firstTimeline() : undefined);
  const way = (history ?? firstTimeline(timeline)).map((part) => part.timeline);
  const report = await verifyArchive({
    layout,
    contents,
    owner: {
      ...{ systemIdentifier: newest.systemIdentifier, segmentSizeBytes },
      serverMajor: Number.parseInt(newest.pgVersion, 10),
    },
    currentTimeline: timeline,
    bases: bases.map(({ timeline: of, startLsn, stoppedAt }) => ({
      ...{ timeline: of, startLsn: positionOf(startLsn), consistentAt: stoppedAt },
    })),
    signal,
  });
  return {
    timeline: { timeline, history },
    holes: report.gaps.items.filter((gap) => way.includes(timelineOf(gap.firstMissing))),
    archivedTo: [report.newestWrittenAt, report.streamed?.writtenAt ?? null].reduce(later),
    newest: report.newest,
    report,
  };
}

/** A segment's name begins with its timeline, in hexadecimal. */
function timelineOf(segment: string): number {
  return Number.parseInt(segment.slice(0, 8), 16);
}

/** ISO 8601 texts order as the times they tell. */
function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}
