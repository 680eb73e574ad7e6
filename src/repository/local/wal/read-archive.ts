import type { FileFlaw } from '../../../domain/wal/archive-report.js';
import type { TimelineHistory } from '../../../domain/wal/timeline-history.js';
import { type ArchiveListing, listArchive } from './list-archive.js';
import { readHistories } from './read-histories.js';
import type { WalLayout } from './wal-layout.js';

/** What is in the archive by its names, and the timelines' histories. */
export interface ArchiveContents extends ArchiveListing {
  histories: ReadonlyMap<number, TimelineHistory>;
  /** Histories that can't be read as one. */
  historyFlaws: readonly FileFlaw[];
}

/** Lists the archive and reads its histories, once for all that is to be told of it: a long one takes seconds. */
export async function readArchive(
  layout: WalLayout,
  segmentSizeBytes: number,
  signal: AbortSignal,
): Promise<ArchiveContents> {
  const listing = await listArchive(layout, segmentSizeBytes);
  const { histories, flaws } = await readHistories(layout, listing.files, signal);
  return { ...listing, histories, historyFlaws: flaws };
}
