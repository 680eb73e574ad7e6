import { compressSegment, removeHalfCompressed } from './compress-segment.js';
import { listArchive } from './list-archive.js';
import type { ArchiveOwner } from './segment-flaw.js';
import { VerifiedSegments } from './verified-segments.js';
import { chooseWalCompressor } from './wal-compressor.js';
import type { WalLayout } from './wal-layout.js';

export interface CompressArchiveRequest {
  layout: WalLayout;
  owner: ArchiveOwner;
  signal?: AbortSignal;
  /** Told how many segments were compressed so far, also in the midst of one. */
  onProgress?: (compressed: number) => void;
}

/** What a compression of the archive did. */
export interface CompressedArchive {
  segments: number;
  bytesBefore: number;
  bytesAfter: number;
}

/**
 * Compresses the segments that were verified as they are now; what they become counts as verified, too. For one run at a
 * time: what is half compressed is taken for a killed one's, and removed.
 */
export async function compressArchive(request: CompressArchiveRequest): Promise<CompressedArchive> {
  const { layout, owner, signal = new AbortController().signal, onProgress } = request;
  await removeHalfCompressed(layout);
  const memory = await VerifiedSegments.read(layout, owner);
  const { files } = await listArchive(layout, owner.segmentSizeBytes);
  const compressor = await chooseWalCompressor();
  const done = { segments: 0, bytesBefore: 0 };
  const compressed = new Set<string>();
  const tell = () => onProgress?.(done.segments);
  try {
    for (const file of files) {
      if (file.kind !== 'segment' || file.compression !== null || !memory.has(file)) continue;
      signal.throwIfAborted();
      const name = await compressSegment(layout, file.file, compressor, { signal, onProgress: tell });
      if (name === undefined) continue;
      compressed.add(name);
      done.segments += 1;
      done.bytesBefore += file.sizeBytes;
      tell();
    }
  } finally {
    await remember(request, memory, compressed);
  }
  const after = (await listArchive(layout, owner.segmentSizeBytes)).files;
  const bytesAfter = after
    .filter(({ file }) => compressed.has(file))
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { ...done, bytesAfter };
}

async function remember(
  { layout, owner }: CompressArchiveRequest,
  memory: VerifiedSegments,
  compressed: ReadonlySet<string>,
): Promise<void> {
  if (compressed.size === 0) return;
  const { files } = await listArchive(layout, owner.segmentSizeBytes);
  for (const file of files) if (compressed.has(file.file)) memory.add(file);
  await memory.store(new Set(files.map(({ file }) => file)));
}
