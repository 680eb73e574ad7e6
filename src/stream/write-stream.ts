import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { storageError } from '../repository/local/storage-error.js';

/** What was written. */
export interface WrittenStream {
  sizeBytes: number;
  /** SHA-256, hexadecimal. */
  checksum: string;
}

export interface WriteTarget {
  file: FileHandle;
  /** Of `file`, for errors. */
  path: string;
  /** Size that the file may come to have, as far as known. */
  expectedBytes?: number | undefined;
  /** Told the file's size after each write. */
  onWritten: (sizeBytes: number) => void;
  /** Given each chunk once it is written. The next one is written when it has resolved. */
  passOn?: (chunk: Buffer) => Promise<void>;
  /** Told why a write failed, before the source is let go of and fails for it. */
  onFailed: (reason: unknown) => void;
}

/**
 * Writes a stream to the start of a file, hashes it on the way, and passes it on.
 *
 * @throws HoldfastError `NotEnoughSpace`, `FileTooLarge`, `StorageFailed`
 */
export async function writeStream(
  source: AsyncIterable<Buffer>,
  target: WriteTarget,
): Promise<WrittenStream> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    // A file system that is nearly full, and a limit on size, take a part before they refuse the rest.
    for (let at = 0; at < chunk.length; ) {
      const written = await write(target, chunk.subarray(at), sizeBytes);
      at += written;
      sizeBytes += written;
      target.onWritten(sizeBytes);
    }
    await target.passOn?.(chunk);
  }
  return { sizeBytes, checksum: hash.digest('hex') };
}

async function write(target: WriteTarget, bytes: Buffer, position: number): Promise<number> {
  const { file, path, expectedBytes = 0, onFailed } = target;
  try {
    const { bytesWritten } = await file.write(bytes, 0, bytes.length, position);
    return bytesWritten;
  } catch (error) {
    const reason = await storageError(error, {
      attempted: `store ${path} (${position} bytes were written)`,
      path,
      neededBytes: Math.max(bytes.length, expectedBytes - position),
    });
    onFailed(reason);
    throw reason;
  }
}
