import type { BackupSummary, StoredMetadata } from '../domain/backup/metadata.js';
import { type ArtifactName, encodeDatabaseName, parseTimestamp } from '../domain/backup/names.js';
import { encodedDatabaseOf } from './backup-files.js';
import { takenAtOfScript } from './taken-at.js';

/** What the catalogue shows of a backup that stands under `name` and was last written at `lastWritten`. */
export function summarise(
  metadata: StoredMetadata,
  name: ArtifactName,
  place: { cluster: string; file: string; lastWritten: Date },
): BackupSummary {
  const own = metadata.format_version === 1 ? metadata : undefined;
  const takenAt = own
    ? parseTimestamp(name.timestamp)
    : takenAtOfScript(name.timestamp, place.lastWritten, metadata.duration_seconds);
  return {
    id: name.id,
    cluster: own?.cluster ?? place.cluster,
    database: metadata.database,
    takenAt: (takenAt ?? place.lastWritten).toISOString(),
    sizeBytes: metadata.size_bytes,
    durationSeconds: metadata.duration_seconds,
    compression: name.compression,
    checksum: metadata.checksum,
    verifiedAt: own?.verified_at ?? null,
    pgVersion: metadata.pg_version,
    file: place.file,
    databaseSizeBytes: own?.database_size_bytes_after ?? null,
    uncompressedBytes: own?.uncompressed_bytes ?? null,
  };
}

/**
 * What is wrong between metadata and the names of the files it belongs to: by this, files that were exchanged
 * give themselves away. Undefined when nothing is.
 */
export function nameFlaw(
  id: string,
  metadata: StoredMetadata,
  name: ArtifactName | undefined,
): string | undefined {
  const { backup_file: file, database, timestamp } = metadata;
  if (name?.id !== id) return `backup_file is ${JSON.stringify(file)}, which is no artifact of ${id}`;
  const encoded = encodedDatabaseOf(id);
  if (encoded !== encodeDatabaseName(database) && encoded !== database) {
    return `database is ${JSON.stringify(database)}, the file's name says ${JSON.stringify(name.database)}`;
  }
  if (metadata.format_version !== 1) return undefined;
  if (timestamp !== name.timestamp) {
    return `timestamp is ${JSON.stringify(timestamp)}, the file's name says ${name.timestamp}`;
  }
  if (metadata.compression !== name.compression) {
    return `compression is ${metadata.compression}, the file's name says ${name.compression}`;
  }
  return undefined;
}
