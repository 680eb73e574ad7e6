import type { BackupSummary, CompressionMethod } from './metadata.js';
import { encodeDatabaseName } from './names.js';

/** The id under which a database is backed up: Temporal runs one workflow of an id at a time. */
export function fullBackupWorkflowId(cluster: string, database: string): string {
  return `full-backup/${cluster}/${encodeDatabaseName(database)}`;
}

export interface FullBackupInput {
  cluster: string;
  database: string;
  /** Queue of the host that has the repository: `hostQueue`. */
  hostQueue: string;
  /** Who asked, as `user@host`, or the schedule's id. */
  requester: string;
  /**
   * Fingerprint of the server and repository that a command on the same host means: a worker with other settings
   * must refuse rather than back up another server. Absent where nobody's settings but the worker's count.
   */
  place?: string;
  /** Overrides the configured method. */
  compression?: CompressionMethod;
  /** Overrides the method's configured or default level. */
  compressionLevel?: number;
  /** Keep at least this many of the newest backups of the database, whatever their age. */
  keepLast?: number;
  /** A dump that makes no progress for this long is given up and begun anew. */
  stallTimeoutSeconds: number;
  /** The first step is given up when no worker of the host takes it for this long. @defaultValue 600 */
  unservedAfterSeconds?: number;
  /** It is one of many, and who began them tells how they ended: it raises no alerts of its own. */
  isOneOfMany?: boolean;
}

export interface FullBackupResult {
  backup: BackupSummary;
  /** Full path of the artifact on its host. */
  path: string;
  tables: number;
  rows: number;
  /** Ids that retention removed, the first twenty. */
  expired: string[];
  expiredCount: number;
  /** What went on although it should be known: no globals, retention failed. */
  warnings: string[];
}

/** What a running backup tells of itself. */
export interface BackupStatus {
  step: 'inspect' | 'check space' | 'dump' | 'checksum' | 'publish' | 'cleanup' | 'done';
  backupId?: string;
  databaseSizeBytes?: number;
  /** Size to expect of the artifact, from the last backups. */
  expectedBytes?: number;
  sizeBytes?: number;
  tables?: number;
  rows?: number;
}

/** The heartbeat of a dump: what `holdfast backup` draws its bar from. */
export interface DumpProgress {
  /** Compressed bytes stored so far. */
  storedBytes: number;
  /** Expected size of the artifact, from the last backup; absent for the first. */
  expectedBytes?: number;
  /** What is being dumped, in `pg_dump`'s words: `contents of table "public.trades"`. */
  doing: string;
  bytesPerSecond: number;
  elapsedSeconds: number;
}
