import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { CompressionMethod } from '../../domain/backup/metadata.js';
import { HoldfastError, messageOf } from '../../domain/errors.js';
import { filePortions } from '../../files/file-portions.js';
import { decompressorOf } from '../compression/decompress.js';
import { FilterFailed, type FilterProgram } from '../program/filter-program.js';
import { countStored } from '../rows/count-stored.js';
import type { CountedDump } from '../rows/row-counter-program.js';

/** What reading a compressed dump back found. */
export interface ReadBack extends CountedDump {
  /** Compressed. */
  sizeBytes: number;
}

/** What reading a stored one back found. */
export interface StoredReadBack extends ReadBack {
  /** SHA-256 of the stored bytes, hexadecimal. */
  checksum: string;
}

export interface ReadBackOptions {
  signal?: AbortSignal;
  /** Told the compressed bytes read so far, after each portion. */
  onProgress?: (readBytes: number) => void;
  /** What is read, for errors: a path. @defaultValue `the stored dump` */
  subject?: string;
  /** Decompresses it. @defaultValue what reads everybody's files of that method */
  decompressor?: FilterProgram | undefined;
}

/**
 * Reads a compressed dump whole: its size, its decompression, the rows of every table, its end marker.
 * A dump that isn't `complete` is no error here.
 *
 * @throws HoldfastError `VerificationFailed` for what is empty, cut, changed or followed by something else,
 *   `StorageFailed` where it can't be read, `ToolMissing`, `Cancelled`
 */
export async function readBack(
  source: AsyncIterable<Buffer>,
  compression: CompressionMethod,
  options: ReadBackOptions = {},
): Promise<ReadBack> {
  const { signal = new AbortController().signal, subject = 'the stored dump' } = options;
  const meter = new Meter(source, subject, options.onProgress);
  try {
    const decompressor = options.decompressor ?? (await decompressorOf(compression));
    const counted = await countStored(meter.read(), decompressor, signal);
    if (meter.sizeBytes === 0) throw new Error('it has 0 bytes');
    return { sizeBytes: meter.sizeBytes, ...counted };
  } catch (error) {
    throw readBackError(error, { subject, compression, signal, sizeBytes: meter.sizeBytes });
  }
}

/** {@link readBack} of a file, and its SHA-256. @throws HoldfastError also `BackupNotFound` */
export async function readBackFile(
  path: string,
  compression: CompressionMethod,
  options: ReadBackOptions = {},
): Promise<StoredReadBack> {
  const file = await openStored(path);
  const hash = createHash('sha256');
  try {
    const hashed = filePortions(file, (portion) => hash.update(portion));
    const found = await readBack(hashed, compression, { subject: path, ...options });
    return { ...found, checksum: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

/** Measures what passes. */
class Meter {
  sizeBytes = 0;

  constructor(
    private readonly source: AsyncIterable<Buffer>,
    private readonly subject: string,
    private readonly onProgress: ((readBytes: number) => void) | undefined,
  ) {}

  async *read(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.source) {
        this.sizeBytes += chunk.length;
        this.onProgress?.(this.sizeBytes);
        yield chunk;
      }
    } catch (error) {
      throw error instanceof HoldfastError ? error : unreadable(this.subject, error);
    }
  }
}

async function openStored(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, error);
    throw new HoldfastError('BackupNotFound', {
      attempted: `read ${path}`,
      cause: 'there is no such file',
      remedy: 'list the backups that exist with: holdfast list',
    });
  }
}

function unreadable(subject: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'StorageFailed',
    {
      attempted: `read ${subject}`,
      cause: messageOf(cause),
      remedy: 'check the permissions and the storage itself',
    },
    { cause },
  );
}

interface Circumstances {
  subject: string;
  compression: CompressionMethod;
  signal: AbortSignal;
  sizeBytes: number;
}

function readBackError(
  error: unknown,
  { subject, compression, signal, sizeBytes }: Circumstances,
): HoldfastError {
  const attempted = `read back ${subject} (${compression})`;
  if (signal.aborted)
    return new HoldfastError('Cancelled', { attempted, cause: 'it was cancelled' }, { cause: error });
  if (error instanceof HoldfastError) return error;
  const message = messageOf(error);
  if (error instanceof FilterFailed && error.notByInput) {
    const remedy = 'see whether the system ended it for want of memory, and try again';
    return new HoldfastError('GeneralError', { attempted, cause: message, remedy }, { cause: error });
  }
  const cause = sizeBytes === 0 ? 'it is empty' : `it is damaged: ${message}`;
  const remedy = 'do not restore from it; take a new backup and look at the storage';
  return new HoldfastError('VerificationFailed', { attempted, cause, remedy }, { cause: error });
}
