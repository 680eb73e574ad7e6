import type { CompressionMethod } from '../domain/backup.js';

/** How to reach a cluster, as libpq understands the same words. Undefined: libpq's own default. */
export interface ConnectionSettings {
  /** Host name, address, or absolute path of a socket directory. */
  host?: string;
  port?: number;
  user?: string;
  /** From the environment (`PGPASSWORD` or `passwordEnv`) or a file, never from holdfast.yaml itself. */
  password?: string;
  /** A section of `pg_service.conf`. */
  service?: string;
  sslmode?: string;
  sslrootcert?: string;
  /** libpq's password file. @defaultValue `~/.pgpass` */
  passfile?: string;
}

export interface ClusterConfig {
  name: string;
  connection: ConnectionSettings;
  /** Host whose worker backs this cluster up. @defaultValue this machine's name */
  host: string;
  /** Absolute path of the cluster's part of the repository. */
  repositoryPath: string;
  compression: CompressionMethod;
  /** Undefined: the method's own default (gzip 6, zstd 3, lz4 1). */
  compressionLevel?: number;
  retentionDays: number;
  walRetentionDays: number;
  /** Newest backups of each database that are kept whatever their age. */
  keepLast: number;
  maxBackupAgeHours: number;
  minDiskSpaceGb: number;
}

export interface TemporalConfig {
  /** `host:port`; undefined when none is configured and one may be started. */
  address?: string;
  namespace: string;
}

/** Everything Holdfast was told, validated. */
export interface Config {
  /** Absolute path: the repository of the default cluster, parent of the others'. */
  backupDir: string;
  /** Every cluster by name; at least `default`. */
  clusters: Record<string, ClusterConfig>;
  temporal: TemporalConfig;
  alertEndpoint?: string;
  /** Directory of PostgreSQL's client programs; undefined: looked for. */
  pgBinDir?: string;
  /** Where each setting was read, by its name: `environment`, `.env`, the file's path, or `default`. */
  origins: Record<string, string>;
}
