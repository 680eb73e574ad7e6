import type { PresentSegment } from '../../../domain/wal/archive-coverage.js';
import { pageHeaderBytes, parsePageHeader } from '../../../domain/wal/page-header.js';
import type { TimelineHistory } from '../../../domain/wal/timeline-history.js';
import { segmentName } from '../../../domain/wal/wal-segment.js';
import {
  inStreamOrder,
  isStreamedSegment,
  listBrokenOff,
  listStream,
  type StreamedSegment,
} from './list-stream.js';
import { readBeginning } from './read-archived.js';
import { type ArchiveOwner, segmentFlaw } from './segment-flaw.js';
import type { WalLayout } from './wal-layout.js';

interface Known {
  owner: ArchiveOwner;
  histories: ReadonlyMap<number, TimelineHistory>;
  signal: AbortSignal;
}

/** Every segment of which something was streamed, the one that is being received included. */
export async function listStreamedSegments(
  layout: WalLayout,
  segmentSizeBytes: number,
): Promise<StreamedSegment[]> {
  const now = await listStream(layout, segmentSizeBytes);
  const files = [...now, ...(await listBrokenOff(layout, segmentSizeBytes))];
  return files.filter(isStreamedSegment).sort(inStreamOrder);
}

/**
 * What of the stream recovery can use beyond the archive. A part of a segment only where it is the end of its timeline:
 * what follows on the rest is not there, and nobody can get over it.
 */
export async function presentOfStream(
  streamed: readonly StreamedSegment[],
  archived: readonly PresentSegment[],
  known: Known,
): Promise<PresentSegment[]> {
  const has = new Set(archived.map(({ timeline, number }) => `${timeline}/${number}`));
  const newest = new Map<number, number>();
  for (const { timeline, number } of [...archived, ...streamed.map(({ segment }) => segment)])
    newest.set(timeline, Math.max(newest.get(timeline) ?? 0, number));
  const present: PresentSegment[] = [];
  for (const file of streamed) {
    const { timeline, number } = file.segment;
    if (has.has(`${timeline}/${number}`)) continue;
    if (file.kind === 'partial' && newest.get(timeline) !== number) continue;
    if (await isUsable(file, known)) present.push({ timeline, number, writtenAtMs: file.writtenAtMs });
  }
  return present;
}

/** The newest of them by its name. */
export function newestOf(
  segments: readonly PresentSegment[],
  segmentSizeBytes: number,
): { segment: string; writtenAt: string } | null {
  const [newest] = segments.toSorted((a, b) => b.number - a.number || b.timeline - a.timeline);
  if (!newest) return null;
  return {
    segment: segmentName(newest, segmentSizeBytes),
    writtenAt: new Date(newest.writtenAtMs).toISOString(),
  };
}

/** One of which nothing has come yet is nothing but zeros. */
async function isUsable(file: StreamedSegment, { owner, histories, signal }: Known): Promise<boolean> {
  if (file.sizeBytes !== owner.segmentSizeBytes) return false;
  // It is renamed when it is complete, and then seen in the archive by the next look.
  const bytes = await readBeginning(file.path, null, pageHeaderBytes, signal).catch(() => undefined);
  if (bytes === undefined || 'why' in bytes) return false;
  return !segmentFlaw(parsePageHeader(bytes), file.segment, owner, histories.get(file.segment.timeline));
}
