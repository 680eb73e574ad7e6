import type { CompressionMethod } from './metadata.js';

/** What an artifact's file name ends in, by compression. */
export const artifactSuffix = {
  gzip: '.sql.gz',
  zstd: '.sql.zst',
  lz4: '.sql.lz4',
} as const satisfies Record<CompressionMethod, string>;

/** Starts the name of every file that is being written; no listing shows such a file. */
export const partialPrefix = '.partial-';

const misleading = /[/%\p{Cc}]|^[.-]/gu;

/**
 * A database's name as it stands in file names: `/`, `%`, control characters and a leading `.` or `-` are
 * percent-encoded byte by byte (UTF-8), everything else stays as it is.
 */
export function encodeDatabaseName(database: string): string {
  return database.replace(misleading, (character) => {
    const bytes = new TextEncoder().encode(character);
    return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  });
}

/** The inverse of {@link encodeDatabaseName}. A `%` that begins no byte stays as it is. */
export function decodeDatabaseName(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replace(/%(?![0-9A-F]{2})/g, '%25'));
  } catch {
    return encoded;
  }
}

/** `YYYYMMDD_HHMMSS` in UTC. */
export function formatTimestamp(date: Date): string {
  const digits = date.toISOString().replace(/[-:]/g, '');
  return `${digits.slice(0, 8)}_${digits.slice(9, 15)}`;
}

/** The moment a `YYYYMMDD_HHMMSS` names, read as UTC; undefined when it names none. */
export function parseTimestamp(timestamp: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(timestamp);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) || formatTimestamp(date) !== timestamp ? undefined : date;
}

/** `{database}_full_{timestamp}`: the name by which commands and lists know a full backup. */
export function fullBackupId(database: string, timestamp: string): string {
  return `${encodeDatabaseName(database)}_full_${timestamp}`;
}

export interface ArtifactName {
  id: string;
  database: string;
  timestamp: string;
  compression: CompressionMethod;
}

/** Reads a full backup's file name; undefined when the name is not one. */
export function parseArtifactName(file: string): ArtifactName | undefined {
  const match = /^(.+)_full_(\d{8}_\d{6})(\.sql\.(?:gz|zst|lz4))$/su.exec(file);
  if (!match || file.startsWith('.') || file.includes('/')) return undefined;
  const [, encoded = '', timestamp = '', suffix] = match;
  const compression = (Object.keys(artifactSuffix) as CompressionMethod[]).find(
    (m) => artifactSuffix[m] === suffix,
  );
  if (!compression || !parseTimestamp(timestamp)) return undefined;
  return {
    id: `${encoded}_full_${timestamp}`,
    database: decodeDatabaseName(encoded),
    timestamp,
    compression,
  };
}

/** The name of a file being written by one attempt of one workflow run, so that no other attempt can claim it. */
export function partialName(runId: string, attempt: number, suffix: string): string {
  return `${partialPrefix}${runId}-${attempt}${suffix}`;
}
