import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HoldfastError, messageOf } from '../../../domain/errors.js';
import type { WalCompression } from '../../../domain/wal/wal-file.js';
import { openFile } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import { decompress } from '../../../stream/compression/decompress.js';
import { feed } from '../../../stream/program/feed.js';
import { startFilter } from '../../../stream/program/filter-program.js';
import { findProgram } from '../../../stream/program/find-program.js';
import { writeStream } from '../../../stream/store/write-stream.js';

/** What compresses segments: zstd where it is installed, else Node's own gzip. */
export interface WalCompressor {
  compression: WalCompression;
  /** Full path of the program; absent for gzip. */
  path?: string;
}

/** How a compression is watched and ended. */
export interface CompressionWatch {
  signal: AbortSignal;
  /** Told whenever some bytes were written, or read back: a segment may have 1 GB. */
  onProgress?: () => void;
}

export async function chooseWalCompressor(): Promise<WalCompressor> {
  const path = await findProgram('zstd');
  return path === undefined ? { compression: 'gzip' } : { compression: 'zstd', path };
}

/** Compresses `original` into a new file; durable is to be made by the caller. */
export async function writeCompressed(
  original: string,
  partial: string,
  { path }: WalCompressor,
  { signal, onProgress = () => {} }: CompressionWatch,
): Promise<void> {
  const source = await openFile(original);
  const target = await storing({ attempted: `create ${partial}`, path: partial }, () =>
    open(partial, 'wx', 0o600),
  );
  const bytes = source.createReadStream({ autoClose: false });
  const into = { file: target, path: partial, onWritten: onProgress, onFailed: () => bytes.destroy() };
  try {
    if (path === undefined) {
      const gzip = createGzip();
      const fed = pipeline(bytes, gzip, { signal });
      await Promise.all([fed, writeStream(gzip, into)]);
    } else {
      const filter = startFilter({ path, args: ['-q', '-3', '-c'] }, signal);
      await Promise.all([feed(bytes, filter.stdin), writeStream(filter.stdout, into), filter.finished]);
    }
  } finally {
    await target.close();
    await source.close();
  }
}

/** @throws HoldfastError `VerificationFailed` where the file at `path` does not decompress to bytes with that SHA-256 */
export async function requireSame(
  path: string,
  { compression }: WalCompressor,
  checksum: string,
  watch: CompressionWatch,
): Promise<void> {
  const cause = await whyNotSame(path, compression, checksum, watch);
  if (cause === undefined) return;
  throw new HoldfastError('VerificationFailed', {
    attempted: 'compress an archived segment',
    cause: `${cause}; the uncompressed segment stays`,
    remedy: 'remove that file if nobody needs it, and check the disk',
  });
}

/** Why an archived file does not hold the bytes with that SHA-256; undefined where it does. */
export async function whyNotSame(
  path: string,
  compression: WalCompression | null,
  checksum: string,
  { signal, onProgress = () => {} }: CompressionWatch,
): Promise<string | undefined> {
  const handle = await openFile(path);
  const hash = createHash('sha256');
  try {
    const stored = handle.createReadStream({ autoClose: false });
    const bytes = compression === null ? stored : decompress(stored, compression, signal);
    for await (const chunk of bytes) {
      hash.update(chunk);
      onProgress();
    }
    return hash.digest('hex') === checksum ? undefined : `${path} does not hold the same bytes`;
  } catch (error) {
    if (signal.aborted || error instanceof HoldfastError) throw error;
    return `${path} can't be read back: ${messageOf(error)}`;
  } finally {
    await handle.close();
  }
}
