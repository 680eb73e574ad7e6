import { type BaseStart, findGaps, type SegmentGap } from '../../../domain/wal/archive-coverage.js';
import {
  type ArchiveGap,
  type ArchiveReport,
  type FileFlaw,
  listed,
} from '../../../domain/wal/archive-report.js';
import { firstTimeline } from '../../../domain/wal/timeline-history.js';
import { historyName } from '../../../domain/wal/wal-file.js';
import { segmentName } from '../../../domain/wal/wal-segment.js';
import { type CheckOutcome, checkSegments, type ListedSegment } from './check-segments.js';
import type { ListedFile } from './list-archive.js';
import { listStreamedSegments, newestOf, presentOfStream } from './present-of-stream.js';
import { type ArchiveContents, readArchive } from './read-archive.js';
import type { ArchiveOwner } from './segment-flaw.js';
import { VerifiedSegments } from './verified-segments.js';
import type { WalLayout } from './wal-layout.js';

export interface VerifyArchiveRequest {
  layout: WalLayout;
  owner: ArchiveOwner;
  /** On which the server writes now. */
  currentTimeline: number;
  /** The base backups that are kept. */
  bases: readonly BaseStart[];
  /** Segments whose header is read at most; the rest is left to the next run. @defaultValue 20000 */
  mostHeaders?: number;
  /** Where it was read just before. */
  contents?: ArchiveContents;
  signal?: AbortSignal;
  /** Told how many headers were read so far. */
  onProgress?: (checked: number) => void;
}

/**
 * Verifies the archive: each segment's size and the header of its first page, and that none is missing from the oldest
 * base backup's start to the newest one. What was verified is remembered in `metadata/`.
 *
 * @throws HoldfastError where files can't be read; what is wrong with them is in the report
 */
export async function verifyArchive(request: VerifyArchiveRequest): Promise<ArchiveReport> {
  const { layout, owner, currentTimeline, signal = new AbortController().signal } = request;
  // Before the archive: what is published meanwhile is then seen twice, rather than not at all.
  const streamed = await listStreamedSegments(layout, owner.segmentSizeBytes);
  const contents = request.contents ?? (await readArchive(layout, owner.segmentSizeBytes, signal));
  const { files, unknown, histories } = contents;
  const historyFlaws = [...contents.historyFlaws];
  const segments = oneEach(files);
  const memory = await VerifiedSegments.read(layout, owner);
  const outcome = await checkSegments(segments, {
    ...{ layout, owner, histories, memory, signal },
    mostHeaders: request.mostHeaders ?? 20_000,
    onProgress: request.onProgress ?? (() => {}),
  });
  await memory.store(new Set(segments.map(({ file }) => file)));
  const whole = segments.filter((segment) => !outcome.flaws.has(segment));
  const archived = whole.map(({ segment, writtenAtMs }) => ({ ...segment, writtenAtMs }));
  const beyond = await presentOfStream(streamed, archived, { owner, histories, signal });
  const gaps = findGaps({
    segments: [...archived, ...beyond],
    ...{ histories, currentTimeline, bases: request.bases },
    segmentSizeBytes: owner.segmentSizeBytes,
  });
  if (currentTimeline > 1 && !histories.has(currentTimeline)) {
    const file = historyName(currentTimeline);
    if (!historyFlaws.some((flaw) => flaw.file.startsWith(file))) historyFlaws.push(noHistory(file));
  }
  const along = (histories.get(currentTimeline) ?? firstTimeline(currentTimeline)).map(
    (part) => part.timeline,
  );
  return {
    ...ends(whole.filter(({ segment }) => along.includes(segment.timeline))),
    streamed: newestOf(
      beyond.filter(({ timeline }) => along.includes(timeline)),
      owner.segmentSizeBytes,
    ),
    ...counts(outcome),
    segments: whole.length,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    gaps: listed(gaps.map((gap) => named(gap, owner.segmentSizeBytes))),
    // Of a timeline that was left there will be no other base backup.
    needsBase: gaps.some((gap) => gap.unrecoverableTo === null && along.includes(gap.timeline)),
    damaged: listed([...historyFlaws, ...flawsOf(outcome, 'damaged')]),
    foreign: listed(flawsOf(outcome, 'foreign')),
    unknown: listed(unknown),
  };
}

/** Each segment once: of one that is there also compressed, the uncompressed file counts, as for the restore. */
function oneEach(files: readonly ListedFile[]): ListedSegment[] {
  const segments = new Map<string, ListedSegment>();
  for (const file of files) {
    if (file.kind !== 'segment') continue;
    if (file.compression === null || !segments.has(file.name)) segments.set(file.name, file);
  }
  return [...segments.values()];
}

function ends(segments: readonly ListedSegment[]) {
  let [oldest, newest] = [segments[0], segments[0]];
  for (const segment of segments) {
    if (oldest && segment.segment.number < oldest.segment.number) oldest = segment;
    const { timeline, number } = segment.segment;
    if (newest && (number - newest.segment.number || timeline - newest.segment.timeline) > 0)
      newest = segment;
  }
  return {
    oldest: oldest?.name ?? null,
    newest: newest?.name ?? null,
    newestWrittenAt: newest ? new Date(newest.writtenAtMs).toISOString() : null,
  };
}

function counts({ checked, remembered, unchecked }: CheckOutcome) {
  return { checked, remembered, unchecked };
}

function flawsOf({ flaws }: CheckOutcome, kind: 'damaged' | 'foreign'): FileFlaw[] {
  return [...flaws]
    .filter(([, flaw]) => flaw.kind === kind)
    .map(([{ file }, { why }]) => ({ file, why }))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

function noHistory(file: string): FileFlaw {
  return { file, why: 'it is missing: without it recovery does not find the way to this timeline' };
}

function named(gap: SegmentGap, segmentSizeBytes: number): ArchiveGap {
  const { timeline, first, last, unrecoverableFrom, unrecoverableTo } = gap;
  return {
    firstMissing: segmentName({ timeline, number: first }, segmentSizeBytes),
    lastMissing: segmentName({ timeline, number: last }, segmentSizeBytes),
    segments: last - first + 1,
    ...{ unrecoverableFrom, unrecoverableTo },
  };
}
