import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { storageError } from '../../files/storage-error.js';
import { SyncBehind } from './sync-behind.js';

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
 * Writes a stream to the start of a file, hashes it on the way, and passes it on. All but its last part is durable then.
 *
 * @throws HoldfastError `NotEnoughSpace`, `FileTooLarge`, `StorageFailed`
 */
export async function writeStream(
  source: AsyncIterable<Buffer>,
  target: WriteTarget,
): Promise<WrittenStream> {
  const hash = createHash('sha256');
  const behind = new SyncBehind(target.file);
  let sizeBytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    await writeWhole(target, chunk, sizeBytes);
    sizeBytes += chunk.length;
    await storingTo(target, { position: sizeBytes }, () => behind.written(sizeBytes));
    await target.passOn?.(chunk);
  }
  await storingTo(target, { position: sizeBytes }, () => behind.finished());
  return { sizeBytes, checksum: hash.digest('hex') };
}

/** A file system that is nearly full, and a limit on size, take a part before they refuse the rest. */
async function writeWhole(target: WriteTarget, chunk: Buffer, from: number): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const rest = chunk.subarray(at);
    const position = from + at;
    const step = () => target.file.write(rest, 0, rest.length, position);
    const { bytesWritten } = await storingTo(target, { position, wantedBytes: rest.length }, step);
    at += bytesWritten;
    target.onWritten(from + at);
  }
}

async function storingTo<T>(
  { path, expectedBytes = 0, onFailed }: WriteTarget,
  { position, wantedBytes = 0 }: { position: number; wantedBytes?: number },
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const reason = await storageError(error, {
      attempted: `store ${path} (${position} bytes were written)`,
      path,
      neededBytes: Math.max(wantedBytes, expectedBytes - position),
    });
    onFailed(reason);
    throw reason;
  }
}
