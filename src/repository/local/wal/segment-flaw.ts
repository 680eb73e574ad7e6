import { isMagicOf, type PageHeader } from '../../../domain/wal/page-header.js';
import type { TimelineHistory } from '../../../domain/wal/timeline-history.js';
import { formatLsn } from '../../../domain/wal/wal-position.js';
import { type Segment, segmentStart } from '../../../domain/wal/wal-segment.js';

/** The server to which an archive belongs. */
export interface ArchiveOwner {
  serverMajor: number;
  systemIdentifier: string;
  segmentSizeBytes: number;
}

export type SegmentFlaw = { kind: 'damaged' | 'foreign'; why: string };

/** What is wrong with a segment by the header of its first page; undefined when nothing is. */
export function segmentFlaw(
  header: PageHeader | undefined,
  segment: Segment,
  owner: ArchiveOwner,
  history: TimelineHistory | undefined,
): SegmentFlaw | undefined {
  if (!header) return damaged('it does not begin with a page of the write-ahead log');
  if (header.systemIdentifier !== owner.systemIdentifier) {
    const why = `it is of the cluster with system identifier ${header.systemIdentifier}, this one has ${owner.systemIdentifier}`;
    return { kind: 'foreign', why };
  }
  if (!isMagicOf(header.magic, owner.serverMajor)) {
    return damaged(`its format is ${header.magic.toString(16)}, not that of PostgreSQL ${owner.serverMajor}`);
  }
  if (header.segmentSizeBytes !== owner.segmentSizeBytes) {
    return damaged(
      `it says that segments have ${header.segmentSizeBytes} bytes, not ${owner.segmentSizeBytes}`,
    );
  }
  const start = segmentStart(segment.number, owner.segmentSizeBytes);
  if (header.pageAddress !== start) {
    return damaged(`it begins at ${formatLsn(header.pageAddress)}, its name says ${formatLsn(start)}`);
  }
  if (!isOfTimeline(header.timeline, segment, start, history)) {
    return damaged(`it begins on timeline ${header.timeline}, its name says ${segment.timeline}`);
  }
  return undefined;
}

/** The segment in which a timeline begins starts with a copy of its ancestor's pages. */
function isOfTimeline(
  timeline: number,
  segment: Segment,
  start: bigint,
  history: TimelineHistory | undefined,
): boolean {
  if (!history) return timeline <= segment.timeline;
  const part = history.find(({ begin, end }) => begin <= start && (end === null || start < end));
  return timeline === part?.timeline;
}

function damaged(why: string): SegmentFlaw {
  return { kind: 'damaged', why };
}
