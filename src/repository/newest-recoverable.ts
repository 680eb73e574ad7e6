import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../domain/errors.js';
import {
  type BaseBackupMetadata,
  type BaseBackupSummary,
  positionOf,
  summariseBase,
} from '../domain/wal/base-backup.js';
import { parseArchivedName } from '../domain/wal/wal-file.js';
import { walReach } from '../domain/wal/wal-reach.js';
import { lastSegmentNumberBefore, type Segment } from '../domain/wal/wal-segment.js';
import { isFolder, statFile } from '../files/real-file.js';
import { storing } from '../files/storage-error.js';
import { baseRepository } from './base/base-repository.js';
import { isStreamedSegment, listStream } from './local/wal/list-stream.js';
import { type WalLayout, walLayout } from './local/wal/wal-layout.js';

/** The newest base backup of a cluster and the WAL that goes on from it, as far as names tell. */
export interface NewestRecoverable {
  cluster: string;
  /** The newest whole one; null: there is none. */
  base: BaseBackupSummary | null;
  /** When the last byte was written of the WAL that goes on from its end without a gap, ISO 8601; null: none does. */
  walTo: string | null;
  /** Whether there is WAL behind a gap. */
  hasGap: boolean;
}

/**
 * Looks for them by the metadata of one base backup, the archive's names, and one of its files: the archive is not
 * verified. Null where the cluster has neither base backup nor archive.
 */
export async function newestRecoverable(root: string, cluster: string): Promise<NewestRecoverable | null> {
  const layout = walLayout(root);
  const metadata = await newestBase(root, cluster);
  if (metadata) return { cluster, base: summariseBase(metadata), ...(await reachOf(layout, metadata)) };
  return (await isFolder(layout.wal)) ? { cluster, base: null, walTo: null, hasGap: false } : null;
}

async function newestBase(root: string, cluster: string): Promise<BaseBackupMetadata | undefined> {
  try {
    return (await baseRepository(root, cluster).find('latest')).metadata;
  } catch (error) {
    if (error instanceof HoldfastError && error.type === 'BackupNotFound') return undefined;
    throw error;
  }
}

async function reachOf(layout: WalLayout, base: BaseBackupMetadata) {
  const { timeline, stop_lsn: stop, wal_segment_size: segmentSizeBytes } = base;
  // Up to its stop it has its WAL itself.
  const from = { timeline, number: lastSegmentNumberBefore(positionOf(stop), segmentSizeBytes) };
  const streamed = (await listStream(layout, segmentSizeBytes)).filter(isStreamedSegment);
  const { last, hasGap } = walReach(from, [
    ...(await archivedSegments(layout, segmentSizeBytes)),
    ...streamed,
  ]);
  const stats = last && (await statFile(last.path));
  // What the base backup itself ends with may have been archived before.
  const walToMs = stats && Math.max(stats.mtimeMs, Date.parse(base.stopped_at));
  return { walTo: walToMs === undefined ? null : new Date(walToMs).toISOString(), hasGap };
}

async function archivedSegments({ wal }: WalLayout, segmentSizeBytes: number) {
  if (!(await isFolder(wal))) return [];
  const names = await storing({ attempted: `list ${wal}`, path: wal }, () => readdir(wal));
  const segments: { segment: Segment; path: string }[] = [];
  for (const name of names) {
    const parsed = parseArchivedName(name, segmentSizeBytes);
    if (parsed?.kind === 'segment') segments.push({ segment: parsed.segment, path: join(wal, name) });
  }
  return segments;
}
