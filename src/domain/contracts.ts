import type { BackupSummary, CompressionMethod } from './backup/metadata.js';
import { encodeDatabaseName } from './backup/names.js';

/** Workflow types, as they stand in Temporal. */
export const workflowTypes = {
  fullBackup: 'fullBackup',
  backUpCluster: 'backUpCluster',
  deliverAlert: 'deliverAlert',
  walCycle: 'walCycle',
  walStream: 'walStream',
  monitorBackups: 'monitorBackups',
  pointInTimeRecovery: 'pointInTimeRecovery',
  restoreDatabase: 'restoreDatabase',
  keepPrevious: 'keepPrevious',
  drillCluster: 'drillCluster',
  scheduledRun: 'scheduledRun',
} as const;

/** The queue of workflows, and of activities that need no particular host. */
export const workflowQueue = 'holdfast';

/** The queue of activities that touch `host`'s disk or its local server. */
export function hostQueue(host: string): string {
  return `holdfast-host-${host}`;
}

/** The id under which a database is backed up: Temporal runs one workflow of an id at a time. */
export function fullBackupWorkflowId(cluster: string, database: string): string {
  return `full-backup/${cluster}/${encodeDatabaseName(database)}`;
}

/** The id under which all databases of a cluster are backed up: one such run at a time. */
export function backUpClusterWorkflowId(cluster: string): string {
  return `back-up-cluster/${cluster}`;
}

/** Search attributes (all of type Keyword) of every workflow. */
export const searchAttributeNames = [
  'HoldfastCluster',
  'HoldfastDatabase',
  'HoldfastOperation',
  'HoldfastOutcome',
] as const;

export interface FullBackupInput {
  cluster: string;
  database: string;
  /** Queue of the host that has the repository: {@link hostQueue}. */
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

export const statusQuery = 'status';

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

/** Every type of alert that there is. */
export const alertTypes = [
  'backup_age',
  'disk_space',
  'backup_integrity',
  'backup_count',
  'backup_health',
  'backup_failed',
  'backup_succeeded',
  'wal_archive',
  'wal_stream',
  'restore_approval',
  'restore_done',
  'restore_drill',
] as const;

export type AlertType = (typeof alertTypes)[number];

/** From the least to the most urgent. */
export const alertPriorities = ['info', 'medium', 'high', 'critical'] as const;

export type AlertPriority = (typeof alertPriorities)[number];

export interface Alert {
  type: AlertType;
  priority: AlertPriority;
  message: string;
  /** What to do about it, where that is known. */
  remedy?: string;
  /** Priority of the alert that this one is the end of: it is told to the same people. */
  ends?: AlertPriority;
  database: string;
  /** The cluster's name. */
  cluster: string;
  host: string;
  metrics: Record<string, number | string>;
  /** ISO 8601, UTC. */
  time: string;
  /** A delivery that is repeated has the same. */
  id: string;
}
