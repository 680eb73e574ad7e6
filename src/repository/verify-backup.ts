import { isByBgzip, type StoredMetadata, type TableRows } from '../domain/backup/metadata.js';
import { parseArtifactName } from '../domain/backup/names.js';
import { HoldfastError } from '../domain/errors.js';
import { decompressorOf } from '../stream/compression/decompress.js';
import { readBackFile, type StoredReadBack } from '../stream/store/read-back.js';
import { readGlobals } from './read-globals.js';
import type { FoundBackup } from './repository.js';

export interface Verification {
  /** What was read: rows, bytes, checksum. */
  readBack: StoredReadBack;
  /** Tables whose rows were compared with the metadata; undefined when the metadata has no counts. */
  tablesCompared: number | undefined;
}

export interface VerifyOptions {
  signal?: AbortSignal;
  onProgress?: (bytes: number) => void;
}

/**
 * Reads a stored backup whole and holds it against its metadata: size, SHA-256, compression, end marker, and the
 * rows of every table where the metadata has them.
 *
 * @throws HoldfastError `VerificationFailed` naming the first difference
 */
export async function verifyBackup(
  path: string,
  metadata: StoredMetadata,
  options: VerifyOptions = {},
): Promise<Verification> {
  const name = parseArtifactName(metadata.backup_file);
  if (!name)
    throw failed(path, `its metadata names "${metadata.backup_file}", which is no full backup's file name`);
  const decompressor = await decompressorOf(name.compression, isByBgzip(metadata));
  const readBack = await readBackFile(path, name.compression, { ...options, decompressor });
  for (const problem of differences(readBack, metadata)) throw failed(path, problem);
  return { readBack, tablesCompared: metadata.format_version ? metadata.tables.length : undefined };
}

/** {@link verifyBackup} of one of the repository, and the globals beside it. @throws HoldfastError as both do */
export async function verifyWhole(
  { id, path, metadata, globalsPath }: Pick<FoundBackup, 'id' | 'path' | 'metadata' | 'globalsPath'>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const verification = await verifyBackup(path, metadata, options);
  if (globalsPath !== null && metadata.format_version === 1) await readGlobals({ id, globalsPath, metadata });
  return verification;
}

/** What does not agree, worst first. */
function* differences(readBack: StoredReadBack, metadata: StoredMetadata): Generator<string> {
  if (readBack.sizeBytes !== metadata.size_bytes) {
    yield `it has ${readBack.sizeBytes} bytes, its metadata says ${metadata.size_bytes}`;
  }
  if (readBack.checksum !== metadata.checksum) {
    yield `its SHA-256 is ${readBack.checksum}, its metadata says ${metadata.checksum}`;
  }
  if (!readBack.complete) yield "pg_dump's end marker is missing: the dump is cut short";
  if (metadata.format_version) yield* rowDifferences(readBack.tables, metadata.tables);
}

function* rowDifferences(found: TableRows[], expected: TableRows[]): Generator<string> {
  const key = ({ schema, table }: TableRows) => JSON.stringify([schema, table]);
  const rest = new Map(found.map((entry) => [key(entry), entry]));
  for (const entry of expected) {
    const match = rest.get(key(entry));
    rest.delete(key(entry));
    if (match?.rows !== entry.rows) {
      yield `table ${entry.schema}.${entry.table} has ${match?.rows ?? 'no'} rows, its metadata says ${entry.rows}`;
    }
  }
  for (const { schema, table } of rest.values()) yield `table ${schema}.${table} is not in its metadata`;
}

function failed(path: string, cause: string): HoldfastError {
  return new HoldfastError('VerificationFailed', {
    attempted: `verify ${path}`,
    cause,
    remedy: 'do not restore from it; take a new backup and look at the storage',
  });
}
