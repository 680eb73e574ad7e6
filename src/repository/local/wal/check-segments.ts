import { join } from 'node:path';
import { pageHeaderBytes, parsePageHeader } from '../../../domain/wal/page-header.js';
import type { TimelineHistory } from '../../../domain/wal/timeline-history.js';
import { compareSegments, type Segment } from '../../../domain/wal/wal-segment.js';
import type { ListedFile } from './list-archive.js';
import { readBeginning } from './read-archived.js';
import { type ArchiveOwner, type SegmentFlaw, segmentFlaw } from './segment-flaw.js';
import type { VerifiedSegments } from './verified-segments.js';
import type { WalLayout } from './wal-layout.js';

/** A segment of the archive under the one name by which it is read. */
export type ListedSegment = ListedFile & { segment: Segment };

export interface CheckRequest {
  layout: WalLayout;
  owner: ArchiveOwner;
  histories: ReadonlyMap<number, TimelineHistory>;
  memory: VerifiedSegments;
  /** Headers that are read at most, the newest segments' first. */
  mostHeaders: number;
  signal: AbortSignal;
  onProgress: (checked: number) => void;
}

export interface CheckOutcome {
  flaws: Map<ListedSegment, SegmentFlaw>;
  checked: number;
  remembered: number;
  unchecked: number;
}

const readsAtOnce = 16;

/** Checks segments' sizes, and the headers of those that no earlier run has checked. */
export async function checkSegments(
  segments: readonly ListedSegment[],
  request: CheckRequest,
): Promise<CheckOutcome> {
  const { owner, memory, mostHeaders, signal, onProgress } = request;
  const flaws = new Map<ListedSegment, SegmentFlaw>();
  const unseen: ListedSegment[] = [];
  for (const segment of segments) {
    const why = sizeFlaw(segment, owner);
    if (why !== undefined) flaws.set(segment, { kind: 'damaged', why });
    else if (!memory.has(segment)) unseen.push(segment);
  }
  const remembered = segments.length - flaws.size - unseen.length;
  unseen.sort((a, b) => compareSegments(b.segment, a.segment));
  const now = unseen.slice(0, mostHeaders);
  for (let next = 0; next < now.length; next += readsAtOnce) {
    signal.throwIfAborted();
    const batch = now.slice(next, next + readsAtOnce);
    const found = await Promise.all(batch.map((segment) => headerFlaw(segment, request)));
    batch.forEach((segment, index) => {
      const flaw = found[index];
      if (flaw) flaws.set(segment, flaw);
      else memory.add(segment);
    });
    onProgress(next + batch.length);
  }
  return { flaws, checked: now.length, remembered, unchecked: unseen.length - now.length };
}

function sizeFlaw(file: ListedSegment, { segmentSizeBytes }: ArchiveOwner): string | undefined {
  if (!file.isFile) return 'it is no regular file';
  if (file.compression !== null || file.sizeBytes === segmentSizeBytes) return undefined;
  return `it has ${file.sizeBytes} bytes, a segment has ${segmentSizeBytes}`;
}

async function headerFlaw(
  { file, compression, segment }: ListedSegment,
  { layout, owner, histories, signal }: CheckRequest,
): Promise<SegmentFlaw | undefined> {
  const bytes = await readBeginning(join(layout.wal, file), compression, pageHeaderBytes, signal);
  if ('why' in bytes) return { kind: 'damaged', why: bytes.why };
  return segmentFlaw(parsePageHeader(bytes), segment, owner, histories.get(segment.timeline));
}
