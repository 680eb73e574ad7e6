import { compressSegment, removeHalfCompressed } from './compress-segment.js';
import { listArchive, lookAtArchived } from './list-archive.js';
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
  const done: CompressedArchive = { segments: 0, bytesBefore: 0, bytesAfter: 0 };
  const names = new Set(files.map(({ file }) => file));
  const tell = () => onProgress?.(done.segments);
  try {
    for (const file of files) {
      if (file.kind !== 'segment' || file.compression !== null || !memory.has(file)) continue;
      signal.throwIfAborted();
      const name = await compressSegment(layout, file.file, compressor, { signal, onProgress: tell });
      const after = name === undefined ? undefined : await lookAtArchived(layout, name);
      if (!after) continue;
      names.delete(file.file);
      names.add(after.file);
      memory.add(after);
      done.segments += 1;
      done.bytesBefore += file.sizeBytes;
      done.bytesAfter += after.sizeBytes;
      tell();
    }
  } finally {
    if (done.segments > 0) await memory.store(names);
  }
  return done;
}
