import type { BaseBackupMetadata } from '../../domain/wal/base-backup.js';
import { positionOf } from '../../domain/wal/base-backup.js';
import type { WalRange } from './manifest.js';
import { type ReadBase, readBase } from './read-base.js';
import type { TakenBase } from './take-base.js';

/** What the metadata has besides what was taken and what was read back. */
export type BaseIdentity = Pick<
  BaseBackupMetadata,
  'id' | 'cluster' | 'holdfast_version' | 'workflow_id' | 'workflow_run_id'
>;

export interface ProveBaseOptions {
  /** Where it was taken into. */
  folder: string;
  taken: TakenBase;
  identity: BaseIdentity;
  signal?: AbortSignal;
  onProgress?: (readBytes: number) => void;
}

/**
 * Reads a base backup that was taken back whole, see {@link readBase}, and gives the metadata under which it can be
 * published.
 * @throws HoldfastError `VerificationFailed`, `StorageFailed`, `ToolMissing`, `Cancelled`
 */
export async function proveBase({
  taken,
  identity,
  ...options
}: ProveBaseOptions): Promise<BaseBackupMetadata> {
  const read = await readBase({
    ...options,
    systemIdentifier: taken.system_identifier,
    walSegmentSizeBytes: taken.wal_segment_size,
  });
  return {
    format_version: 1,
    ...identity,
    ...taken,
    ...positions(read),
    verified_at: new Date().toISOString(),
    size_bytes: read.sizeBytes,
    uncompressed_bytes: read.uncompressedBytes,
    cluster_files: read.clusterFiles,
    files: read.files,
  };
}

/** Of a standby that changed timelines meanwhile there are several ranges; recovery goes on from the last. */
function positions({ walRanges }: ReadBase): Pick<BaseBackupMetadata, 'timeline' | 'start_lsn' | 'stop_lsn'> {
  const byPosition = (a: WalRange, b: WalRange) => (positionOf(a.startLsn) < positionOf(b.startLsn) ? -1 : 1);
  const ranges = walRanges.toSorted(byPosition);
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (!first || !last) throw new Error('a manifest without WAL was read');
  return { timeline: last.timeline, start_lsn: first.startLsn, stop_lsn: last.endLsn };
}
