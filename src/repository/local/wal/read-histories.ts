import { join } from 'node:path';
import type { FileFlaw } from '../../../domain/wal/archive-report.js';
import { parseTimelineHistory, type TimelineHistory } from '../../../domain/wal/timeline-history.js';
import type { ListedFile } from './list-archive.js';
import { readBeginning } from './read-archived.js';
import type { WalLayout } from './wal-layout.js';

/** A line an ancestor: more than any server will have. */
const longestBytes = 1024 * 1024;

/** The history of each timeline that has a file in the archive, and the files that can't be read as one. */
export async function readHistories(
  { wal }: WalLayout,
  files: readonly ListedFile[],
  signal: AbortSignal,
): Promise<{ histories: Map<number, TimelineHistory>; flaws: FileFlaw[] }> {
  const histories = new Map<number, TimelineHistory>();
  const flaws: FileFlaw[] = [];
  for (const { file, isFile, compression, ...of } of files) {
    if (of.kind !== 'history' || !isFile) continue;
    const bytes = await readBeginning(join(wal, file), compression, longestBytes, signal);
    const read = 'why' in bytes ? bytes : parseTimelineHistory(of.timeline, bytes.toString('utf8'));
    if ('why' in read) flaws.push({ file, why: read.why });
    else histories.set(of.timeline, read.history);
  }
  return { histories, flaws };
}
