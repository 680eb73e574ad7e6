import { open, stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import type { CompressionMethod, StoredMetadata } from '../domain/backup/metadata.js';
import { HoldfastError } from '../domain/errors.js';
import type { BackupReference } from '../domain/restore/contracts.js';
import { filePortions } from '../files/file-portions.js';
import { metadataSuffix } from './backup-files.js';
import type { Repository } from './repository.js';

/** The backup to restore, and what is known of it. */
export interface RestoreSource {
  id: string;
  /** Full path of the artifact. */
  path: string;
  compression: CompressionMethod;
  /** Null for a file that was given by its path and has none. */
  metadata: StoredMetadata | null;
  /** ISO 8601, UTC; of a file without metadata, when it was last written. */
  takenAt: string;
  sizeBytes: number;
  /** Roles and tablespaces of the cluster, compressed; null where there are none. */
  globalsPath: string | null;
}

/**
 * Finds what a reference means: a backup of the catalogue, one outside the repository by its full path, or any
 * compressed dump by its full path when that is allowed. It does not read the artifact.
 *
 * @throws HoldfastError as `Repository.find`
 */
export async function findRestoreSource(
  repository: Repository,
  { reference, database, allowUnverified }: BackupReference,
): Promise<RestoreSource> {
  try {
    const { id, path, metadata, summary, globalsPath } = await repository.find(reference, database);
    const { compression, takenAt, sizeBytes } = summary;
    return { id, path, compression, metadata, takenAt, sizeBytes, globalsPath };
  } catch (error) {
    const isMissing = error instanceof HoldfastError && error.type === 'BackupNotFound';
    const bare = isMissing && isAbsolute(reference) ? await bareFile(reference) : undefined;
    if (!bare) throw error;
    if (allowUnverified) return bare;
    throw new HoldfastError('BackupNotFound', {
      attempted: `find backup ${JSON.stringify(reference)}`,
      cause: 'the file is there, but has no metadata beside it to be held against',
      remedy: 'add --allow-unverified to restore it all the same: its own rows are then what is proven',
    });
  }
}

const suffixes: [RegExp, CompressionMethod][] = [
  [/\.gz$/, 'gzip'],
  [/\.zst$/, 'zstd'],
  [/\.lz4$/, 'lz4'],
];

async function bareFile(path: string): Promise<RestoreSource | undefined> {
  const file = await stat(path).catch(() => undefined);
  if (!file?.isFile() || path.endsWith(metadataSuffix)) return undefined;
  const compression = suffixes.find(([suffix]) => suffix.test(path))?.[1];
  if (!compression) throw notCompressed(path);
  const id = basename(path).replace(/(\.sql)?\.(gz|zst|lz4)$/, '');
  const takenAt = file.mtime.toISOString();
  return { id, path, compression, metadata: null, takenAt, sizeBytes: file.size, globalsPath: null };
}

function notCompressed(path: string): HoldfastError {
  return new HoldfastError('BackupNotFound', {
    attempted: `find backup ${JSON.stringify(path)}`,
    cause:
      'the file is there, but its name ends in none of .gz, .zst and .lz4: it is no compressed plain dump',
    remedy:
      'compress a plain dump with `gzip -k` and name the compressed file; one of `pg_dump -Fc`, `-Ft` or `-Fd` is for pg_restore',
  });
}

/** The stored bytes of an artifact, each portion given to `onPortion` as it passes. */
export async function* artifactPortions(
  path: string,
  onPortion: (portion: Buffer) => void,
): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    yield* filePortions(file, onPortion);
  } finally {
    await file.close();
  }
}

/** Size, time and place of a file in one text: another text, and it may have other bytes. */
export async function fileFingerprint(path: string): Promise<string> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [size, ino, mtimeNs, ctimeNs].join('-');
}
