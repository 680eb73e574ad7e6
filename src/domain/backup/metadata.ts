/**
 * The words of Holdfast's data.
 *
 * - cluster: a PostgreSQL server instance; database: one in it
 * - full backup: a logical dump of one database
 * - artifact: a stored file; metadata: its `.meta`
 * - repository: where artifacts live; catalogue: what the metadata says exists
 */

/** How an artifact is compressed: `gzip` ends in `.sql.gz`, `zstd` in `.sql.zst`, `lz4` in `.sql.lz4`. */
export type CompressionMethod = 'gzip' | 'zstd' | 'lz4';

/** Rows of one table as they stand in a dump. */
export interface TableRows {
  schema: string;
  table: string;
  rows: number;
}

/** Rows of all of them together. */
export function totalRows(tables: readonly Pick<TableRows, 'rows'>[]): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

/** One stage of the dump, so that a slow backup explains itself. */
export interface Stage {
  /** What ran: `pg_dump`, `node-gzip`, `bgzip`, `sha256`, `read-back`, ... */
  name: string;
  /** Bytes that left the stage. */
  bytes: number;
  /** Wall-clock time in which the stage was open. */
  seconds: number;
  bytes_per_second: number;
}

/** A database's properties that `pg_dump` of that database does not restore by itself. */
export interface DatabaseProperties {
  owner: string;
  encoding: string;
  collate: string;
  ctype: string;
  /** `c` libc, `i` ICU, `b` builtin; as `pg_database.datlocprovider`, `c` before PostgreSQL 15. */
  locale_provider: string;
  locale: string | null;
  icu_rules: string | null;
  tablespace: string;
  connection_limit: number;
  is_template: boolean;
  comment: string | null;
  /** `pg_db_role_setting`: settings of the database (`role` null) and of roles in it, as `name=value`. */
  settings: { role: string | null; setting: string }[];
  /** `datacl` as PostgreSQL prints it; null when only the default privileges hold. */
  grants: string[] | null;
  extensions: { name: string; version: string; schema: string }[];
}

/** The nine fields that every `.meta` has, also one written by shell scripts before Holdfast came. */
export interface CoreMetadata {
  backup_file: string;
  database: string;
  /** UTC, `YYYYMMDD_HHMMSS`, the same as in the file's name. */
  timestamp: string;
  size_bytes: number;
  /** As `du -h` prints it: `142M`. */
  size_human: string;
  duration_seconds: number;
  /** The server's version, as `server_version` prints it. */
  pg_version: string;
  /** SHA-256 of the stored file, in hexadecimal. */
  checksum: string;
  compression_level: number;
}

/** The `.meta` beside an artifact, as Holdfast writes it: one flat JSON object, snake case. */
export interface BackupMetadata extends CoreMetadata {
  format_version: 1;
  cluster: string;
  compression: CompressionMethod;
  /** ISO 8601, UTC. */
  started_at: string;
  finished_at: string;
  verified_at: string;
  uncompressed_bytes: number;
  database_size_bytes_before: number;
  database_size_bytes_after: number;
  properties: DatabaseProperties;
  tables: TableRows[];
  /** Position of the write-ahead log when the dump's snapshot was taken, as `0/16B3748`. */
  snapshot_lsn: string;
  tool_versions: Record<string, string>;
  stages: Stage[];
  globals_file: string | null;
  /** SHA-256 of the globals file, put in when the backup is published. */
  globals_checksum?: string | null | undefined;
  /** Why there is no globals file; null when there is one. */
  globals_missing_because: string | null;
  workflow_id: string;
  workflow_run_id: string;
}

/** Any `.meta` that can be read: told apart by `format_version`. */
export type StoredMetadata = BackupMetadata | (CoreMetadata & { format_version?: never });

/** Whether bgzip compressed it, whose own reader takes a third of the time that others do. */
export function isByBgzip(metadata: StoredMetadata): boolean {
  return metadata.format_version !== undefined && metadata.tool_versions.bgzip !== undefined;
}

/** One backup of the catalogue, without the thousands of lines its metadata may have. */
export interface BackupSummary {
  /** `{database}_full_{timestamp}`: what commands take and lists show. */
  id: string;
  cluster: string;
  database: string;
  /** ISO 8601, UTC. */
  takenAt: string;
  sizeBytes: number;
  durationSeconds: number;
  compression: CompressionMethod;
  checksum: string;
  /** ISO 8601; null for a backup that Holdfast has not read back. */
  verifiedAt: string | null;
  pgVersion: string;
  /** Path relative to the repository's root. */
  file: string;
  databaseSizeBytes: number | null;
  uncompressedBytes: number | null;
}
