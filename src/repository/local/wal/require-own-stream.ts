import { HoldfastError } from '../../../domain/errors.js';
import { pageHeaderBytes, parsePageHeader } from '../../../domain/wal/page-header.js';
import { inStreamOrder, isStreamedSegment, listStream } from './list-stream.js';
import { readBeginning } from './read-archived.js';
import type { WalLayout } from './wal-layout.js';

/**
 * Refuses to go on with a stream that was another cluster's.
 * @throws HoldfastError ArchivingRefused
 */
export async function requireOwnStream(
  layout: WalLayout,
  segmentSizeBytes: number,
  systemIdentifier: string,
  signal: AbortSignal,
): Promise<void> {
  const newest = (await listStream(layout, segmentSizeBytes))
    .filter(isStreamedSegment)
    .sort(inStreamOrder)
    .at(-1);
  if (!newest) return;
  const bytes = await readBeginning(newest.path, null, pageHeaderBytes, signal);
  const other = 'why' in bytes ? undefined : parsePageHeader(bytes)?.systemIdentifier;
  if (other === undefined || other === systemIdentifier) return;
  throw new HoldfastError('ArchivingRefused', {
    attempted: `go on with the stream in ${layout.stream}`,
    cause: `${newest.file} is of the cluster with system identifier ${other}, the server's is ${systemIdentifier}`,
    remedy:
      'give the new cluster another name in holdfast.yaml (and so another archive), or move the folder incremental/ of the old one away',
  });
}
