import { join } from 'node:path';
import { positionOf } from '../../../domain/wal/base-backup.js';
import type { NeededWal } from '../../../domain/wal/base-path.js';
import type { WalFile } from '../../../domain/wal/wal-file.js';
import { segmentNumberOf } from '../../../domain/wal/wal-segment.js';
import { syncFolder } from '../../../files/durable.js';
import { removeName } from '../../../files/real-file.js';
import { listArchive } from './list-archive.js';
import { listBrokenOff } from './list-stream.js';
import type { WalLayout } from './wal-layout.js';

/** What was removed from an archive. */
export interface ExpiredSegments {
  segmentCount: number;
  freedBytes: number;
}

/**
 * Removes what no base backup that is kept needs: segments with their `.partial` and `.backup` files, the oldest first,
 * so that what a crash leaves has no gap. A `.history` is never removed: it is small, and tells the way for ever.
 */
export async function expireSegments(
  layout: WalLayout,
  needed: readonly NeededWal[] | 'all',
  segmentSizeBytes: number,
): Promise<ExpiredSegments> {
  if (needed === 'all') return { segmentCount: 0, freedBytes: 0 };
  const firstNeeded = new Map(
    needed.map(({ timeline, fromLsn }) => [timeline, segmentNumberOf(positionOf(fromLsn), segmentSizeBytes)]),
  );
  const { files } = await listArchive(layout, segmentSizeBytes);
  const expired = files.filter((file) => isExpired(file, firstNeeded)).sort(byName);
  const outcome = { segmentCount: 0, freedBytes: 0 };
  for (const { file, kind, sizeBytes } of expired) {
    if (!(await removeName(join(layout.wal, file)))) continue;
    outcome.freedBytes += sizeBytes;
    if (kind === 'segment') outcome.segmentCount += 1;
  }
  if (expired.length > 0) await syncFolder(layout.wal);
  for (const file of await listBrokenOff(layout, segmentSizeBytes))
    if (isExpired({ ...file, isFile: true }, firstNeeded) && (await removeName(file.path)))
      outcome.freedBytes += file.sizeBytes;
  return outcome;
}

function isExpired(file: WalFile & { isFile: boolean }, firstNeeded: ReadonlyMap<number, number>): boolean {
  if (file.kind === 'history' || !file.isFile) return false;
  const first = firstNeeded.get(file.segment.timeline);
  return first === undefined || file.segment.number < first;
}

function byName(a: { file: string }, b: { file: string }): number {
  return a.file < b.file ? -1 : 1;
}
