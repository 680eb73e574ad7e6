import { createHash } from 'node:crypto';
import type { BackupMetadata } from '../../../src/domain/backup/metadata.js';
import { encodeDatabaseName, parseTimestamp, partialName } from '../../../src/domain/backup/names.js';
import { formatBytes } from '../../../src/domain/sizes.js';
import type { Publication, Repository } from '../../../src/repository/repository.js';

export interface SampleBackup {
  database?: string;
  timestamp?: string;
  runId?: string;
  /** Attempt that wrote the dump and publishes it. */
  attempt?: number;
  content?: string | Buffer;
  /** Undefined: no globals. */
  globals?: string;
  tables?: number;
}

export const sample = { database: 'shop', timestamp: '20250301_120000', runId: 'run-1', attempt: 1 };

/** Metadata of a backup with this content, whole and valid. */
export function sampleMetadata(options: SampleBackup = {}): BackupMetadata {
  const { database = sample.database, timestamp = sample.timestamp, content = 'a dump' } = options;
  const id = `${encodeDatabaseName(database)}_full_${timestamp}`;
  const startedAt = parseTimestamp(timestamp)?.toISOString() ?? '';
  return {
    backup_file: `${id}.sql.gz`,
    database,
    timestamp,
    size_bytes: Buffer.byteLength(content),
    size_human: formatBytes(Buffer.byteLength(content)),
    duration_seconds: 1.5,
    pg_version: '15.14',
    checksum: sha256(content),
    compression_level: 6,
    format_version: 1,
    cluster: 'default',
    compression: 'gzip',
    started_at: startedAt,
    finished_at: startedAt,
    verified_at: startedAt,
    uncompressed_bytes: 4 * Buffer.byteLength(content),
    database_size_bytes_before: 8_000_000,
    database_size_bytes_after: 8_000_000,
    properties: sampleProperties,
    tables: Array.from({ length: options.tables ?? 2 }, (_, n) => ({
      schema: 'public',
      table: `t${n}`,
      rows: n,
    })),
    snapshot_lsn: '0/16B3748',
    tool_versions: { pg_dump: '15.14' },
    stages: [{ name: 'pg_dump', bytes: 100, seconds: 0.1, bytes_per_second: 1000 }],
    globals_file: options.globals === undefined ? null : `${id}.globals.sql.gz`,
    globals_missing_because: options.globals === undefined ? 'permission denied' : null,
    workflow_id: `full-backup/default/${database}`,
    workflow_run_id: options.runId ?? sample.runId,
  };
}

/** Writes the partial files of a backup, and returns what publishes them. */
export async function writeSample(repository: Repository, options: SampleBackup = {}): Promise<Publication> {
  const { runId = sample.runId, attempt = sample.attempt, content = 'a dump', globals } = options;
  const artifactPartial = partialName(runId, attempt, '.sql.gz');
  await repository.writePartial(artifactPartial, content);
  const publication = { artifactPartial, attempt, metadata: sampleMetadata(options) };
  if (globals === undefined) return publication;
  const globalsPartial = partialName(runId, attempt, '.globals.sql.gz');
  await repository.writePartial(globalsPartial, globals);
  return { ...publication, globalsPartial };
}

/** A backup in the repository. Returns its id. */
export async function publishSample(repository: Repository, options: SampleBackup = {}): Promise<string> {
  const timestamp = options.timestamp ?? sample.timestamp;
  const publication = await writeSample(repository, { runId: `run-of-${timestamp}`, ...options });
  await repository.publish(publication);
  return publication.metadata.backup_file.slice(0, -'.sql.gz'.length);
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

const sampleProperties = {
  owner: 'postgres',
  encoding: 'UTF8',
  collate: 'C.UTF-8',
  ctype: 'C.UTF-8',
  locale_provider: 'c',
  locale: null,
  icu_rules: null,
  tablespace: 'pg_default',
  connection_limit: -1,
  is_template: false,
  comment: null,
  settings: [{ role: null, setting: 'work_mem=8MB' }],
  grants: null,
  extensions: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }],
};
