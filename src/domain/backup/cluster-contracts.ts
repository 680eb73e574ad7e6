import type { FullBackupInput } from './contracts.js';

export interface BackUpClusterInput extends Omit<FullBackupInput, 'database' | 'isOneOfMany'> {
  /** Databases dumped at the same time. @defaultValue the cluster's setting */
  parallel?: number;
  /** Patterns of names, `*` and `?` standing for anything. @defaultValue the cluster's setting */
  include?: string[];
  exclude?: string[];
  /** Databases after which a new run takes over, so that no history grows without bound. @defaultValue 500 */
  databasesPerRun?: number;
  /** What earlier runs of the same backup did. */
  carried?: CarriedBackups;
}

export interface ClusterBackupEntry {
  database: string;
  backupId?: string;
  sizeBytes?: number;
  error?: { type: string; message: string };
}

/** A database that a backup of its whole cluster leaves out. */
export interface LeftOutDatabase {
  database: string;
  because:
    | 'template'
    | 'takes no connections'
    | 'invalid'
    | 'made by Holdfast'
    | 'not in include'
    | 'in exclude';
}

export interface CarriedBackups {
  /** When it began, ISO 8601, and its first run: they name its report. */
  startedAt: string;
  runId: string;
  /** The last database that was begun. */
  after: string | null;
  done: number;
  failed: number;
  /** Of what was backed up. */
  sizeBytes: number;
  /** In the order in which they ended, what failed before the rest; the first 200. */
  entries: ClusterBackupEntry[];
  /** Full path of the report so far. */
  reportPath: string | null;
}

export interface BackUpClusterResult {
  total: number;
  failed: number;
  /** Of what was backed up. */
  sizeBytes: number;
  /** In the order in which they ended; cut to 200, what failed first to stay. */
  entries: ClusterBackupEntry[];
  /** Full path of the report, with every database, on its host; null where it could not be written. */
  reportPath: string | null;
  /** By name; the first hundred. */
  leftOut: LeftOutDatabase[];
  leftOutCount: number;
}

/** What a running backup of a cluster tells of itself: the answer to the query `status`. */
export interface ClusterBackupStatus {
  total: number;
  done: number;
  failed: number;
  /** What is backed up now. */
  running: string[];
}

/** Whether a database is meant by patterns of which `*` stands for any text, `?` for one character. */
export function isIncluded(
  database: string,
  { include, exclude }: { include?: readonly string[] | undefined; exclude?: readonly string[] | undefined },
): boolean {
  const fits = (pattern: string) => expressionOf(pattern).test(database);
  return (include?.some(fits) ?? true) && !(exclude?.some(fits) ?? false);
}

function expressionOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
}

/** The id under which all databases of a cluster are backed up: one such run at a time. */
export function backUpClusterWorkflowId(cluster: string): string {
  return `back-up-cluster/${cluster}`;
}
