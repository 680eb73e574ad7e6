import type { AlertRoute } from '../domain/alert-routes.js';
import type { ApprovalPolicy } from '../domain/approval/policy.js';
import type { CompressionMethod } from '../domain/backup/metadata.js';
import type { Assertion } from '../domain/restore/assertion.js';
import type { ScheduleKind } from '../domain/schedule/contracts.js';

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
  /** @defaultValue `gzip` */
  compression: CompressionMethod;
  /** Undefined: the method's own default (gzip 6, zstd 2, lz4 1). */
  compressionLevel?: number;
  /** @defaultValue 30 */
  retentionDays: number;
  /** @defaultValue 7 */
  walRetentionDays: number;
  /** A WAL cycle takes a new base backup when there is none younger than this. @defaultValue 7 */
  baseBackupDays: number;
  /** WAL that streaming may be behind by, before an alert is raised, in units of 1024 * 1024 bytes. @defaultValue 256 */
  walLagMb: number;
  /** Time that streaming may be behind by, before an alert is raised. @defaultValue 300 */
  walLagSeconds: number;
  /** Newest backups of each database that are kept whatever their age. @defaultValue 1 */
  keepLast: number;
  /** A dump without progress for this long is given up and begun anew. @defaultValue 60 */
  stallTimeoutSeconds: number;
  /** @defaultValue 25 */
  maxBackupAgeHours: number;
  /** @defaultValue 10 */
  minDiskSpaceGb: number;
  /** Monitoring re-reads every stored backup within so many days. @defaultValue 14 */
  verifyWithinDays: number;
  /** Of the newest archived WAL. @defaultValue 2 */
  maxWalAgeHours: number;
  /** An alert whose cause lasts is sent again after this. @defaultValue 24 */
  alertReminderHours: number;
  /** How restores of its backups are drilled. */
  drill: DrillSettings;
  /** What a backup of all its databases takes. */
  backups: BackupsSettings;
  /** Who must agree to a restore over a database that `databases` does not name. */
  approval: ApprovalPolicy;
  /** What must hold in every restored copy of this cluster's databases. */
  assertions: Assertion[];
  /** Databases that holdfast.yaml names. */
  databases: Record<string, DatabaseConfig>;
  /** What is done by schedule. */
  schedules: Record<ScheduleKind, ScheduleConfig>;
}

/** When something is done by schedule. */
export interface ScheduleConfig {
  /** auto, of WAL cycles alone: where the repository has an archive. */
  enabled: boolean | 'auto';
  /** As in a crontab. */
  cron: string;
  timeZone: string;
  /** Over which starts are spread. */
  jitterSeconds: number;
  /** For which a start that was missed is made up for. */
  catchUpMinutes: number;
}

/** What holds for one database by its name. */
export interface DatabaseConfig {
  approval: ApprovalPolicy;
  /** Asked besides its cluster's. */
  assertions: Assertion[];
  /** What it has otherwise than its cluster. */
  drill?: Partial<Pick<DrillSettings, 'enabled' | 'on'>>;
  /** What is done by schedule besides what is done for its cluster. */
  schedules: { full?: ScheduleConfig };
}

/** How restores are drilled. */
export interface DrillSettings {
  /** Whether those of all databases are. @defaultValue true */
  enabled: boolean;
  /** Cluster on whose server databases are restored meanwhile. @defaultValue the cluster itself */
  on?: string;
  /** Roles that this server lacks are created from the backup. @defaultValue false */
  globals: boolean;
  /** A point in time is recovered too. @defaultValue true */
  pointInTime: boolean;
  /** Full path of the folder to recover in. @defaultValue `incremental/.drill` in the repository */
  folder?: string;
}

/** What a backup of all databases takes. */
export interface BackupsSettings {
  /** Patterns of names, `*` and `?` standing for anything. @defaultValue all */
  include?: string[];
  /** Of those, which are left out. @defaultValue none */
  exclude?: string[];
  /** Databases at a time. @defaultValue 2 */
  parallel: number;
}

export interface TemporalConfig {
  /** `host:port`; undefined when none is configured and one may be started. */
  address?: string;
  /** Undefined: what Temporal's own settings say, or `default`. */
  namespace?: string;
  /** Where a server that Holdfast runs itself listens; undefined: see `upPorts`. */
  port?: number;
  uiPort?: number;
  /** Every `TEMPORAL_*` variable of the environment and `.env`, for `@temporalio/envconfig`. May hold secrets. */
  variables: Record<string, string>;
}

/** A service that takes alerts in a form of its own. */
export interface WebhookConfig {
  /** As routes call it. @defaultValue `webhook-1` for the first one */
  name: string;
  url: string;
  /** The body; `{{message}}` and the like stand for the alert's. */
  template: string;
  contentType: string;
}

/** Alerts by e-mail, handed over to a mail server. */
export interface MailConfig {
  host: string;
  /** @defaultValue 465 with `tls`, 587 with `starttls`, 25 with `none` */
  port: number;
  /** @defaultValue `starttls` */
  tls: 'tls' | 'starttls' | 'none';
  /** Certificates of authorities, in place of those that Node knows. */
  caFile?: string;
  user?: string;
  /** From the environment or a file, never from holdfast.yaml itself. */
  password?: string;
  from: string;
  to: string[];
}

/** A file that settings were read from, or that they name, and what secret it holds. */
export interface SecretFileConfig {
  /** Absolute. */
  path: string;
  /** `a password` */
  holds: string;
}

/** Everything Holdfast was told, validated. */
export interface Config {
  /** Absolute path: the repository of the default cluster, parent of the others'. @defaultValue `data` in the working folder */
  backupDir: string;
  /** This machine's name, as clusters' `host` gives it. @defaultValue the operating system's host name */
  host: string;
  /** Every cluster by name; `default` is left out only when holdfast.yaml names others and no `PG*` variable a server. */
  clusters: Record<string, ClusterConfig>;
  temporal: TemporalConfig;
  /** Dumps at a time on this host, of all clusters together. @defaultValue its processors, at least 2 */
  parallelPerHost: number;
  alertEndpoint?: string;
  /** Other places that alerts are POSTed to. */
  webhooks: WebhookConfig[];
  mail?: MailConfig;
  /** Which alerts go to which channels. Empty: every alert to every channel. */
  routes: AlertRoute[];
  /** Asked for after each look of monitoring that finds nothing critical. */
  deadMansSwitch?: string;
  /** `host:port` at which `holdfast worker` serves metrics; undefined: it does not. */
  metricsAddress?: string;
  /** Directory of PostgreSQL's client programs; undefined: looked for. */
  pgBinDir?: string;
  /** Files on this machine that hold secrets. */
  secretFiles: SecretFileConfig[];
  /** What looks like a setting and is none, one line each: nothing in it is wrong enough to refuse it. */
  warnings: string[];
  /**
   * Where each setting was read, by its path in holdfast.yaml (`clusters.default.retentionDays`): `environment`,
   * `/path/.env`, `/path/holdfast.yaml:12`, or `default`.
   */
  origins: Record<string, string>;
}
