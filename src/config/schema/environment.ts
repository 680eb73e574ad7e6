import * as z from 'zod';
import * as schema from './file.js';
import { parallelPerHost } from './fleet.js';
import { mailParts } from './mail.js';
import { metricsAddress } from './metrics.js';
import { ownTemporalVariables } from './own-temporal.js';
import { cronOrOff, timeZone } from './schedules.js';

const { clusterSettings, connection } = schema;

/** The variables that Holdfast reads, Temporal's apart. */
export const variables = z
  .object({
    BACKUP_DIR: schema.backupDir,
    RETENTION_DAYS: clusterSettings.retentionDays,
    WAL_RETENTION_DAYS: clusterSettings.walRetentionDays,
    BASE_BACKUP_DAYS: clusterSettings.baseBackupDays,
    WAL_LAG_MB: clusterSettings.walLagMb,
    WAL_LAG_SECONDS: clusterSettings.walLagSeconds,
    KEEP_LAST: clusterSettings.keepLast,
    COMPRESSION: clusterSettings.compression,
    COMPRESSION_LEVEL: clusterSettings.compressionLevel,
    STALL_TIMEOUT_SECONDS: clusterSettings.stallTimeoutSeconds,
    MAX_BACKUP_AGE_HOURS: clusterSettings.maxBackupAgeHours,
    MIN_DISK_SPACE_GB: clusterSettings.minDiskSpaceGb,
    VERIFY_WITHIN_DAYS: clusterSettings.verifyWithinDays,
    MAX_WAL_AGE_HOURS: clusterSettings.maxWalAgeHours,
    ALERT_REMINDER_HOURS: clusterSettings.alertReminderHours,
    ALERT_ENDPOINT: schema.alertEndpoint,
    DEAD_MANS_SWITCH_URL: schema.deadMansSwitch,
    SMTP_HOST: mailParts.host,
    SMTP_PORT: mailParts.port,
    SMTP_TLS: mailParts.tls,
    SMTP_CA_FILE: mailParts.caFile,
    SMTP_USER: mailParts.user,
    SMTP_PASSWORD: z.string(),
    SMTP_FROM: mailParts.from,
    SMTP_TO: mailParts.to,
    PARALLEL_PER_HOST: parallelPerHost,
    METRICS_ADDRESS: metricsAddress,
    SCHEDULE_FULL: cronOrOff,
    SCHEDULE_WAL: cronOrOff,
    SCHEDULE_MONITOR: cronOrOff,
    SCHEDULE_DRILL: cronOrOff,
    SCHEDULE_TIME_ZONE: timeZone,
    HOLDFAST_HOST: schema.hostName.describe(
      "This machine's name, as `host` of a cluster gives it. Default: the operating system's.",
    ),
    PG_BIN_DIR: schema.pgBinDir,
    PGHOST: connection.host,
    PGPORT: connection.port,
    PGUSER: connection.user,
    PGPASSWORD: z.string().describe('Password of the default cluster’s role. A password file is better.'),
    PGSERVICE: connection.service,
    PGSSLMODE: connection.sslmode,
    PGSSLROOTCERT: connection.sslrootcert,
    PGPASSFILE: connection.passfile,
    TEMPORAL_ADDRESS: schema.temporalAddress,
    TEMPORAL_NAMESPACE: schema.temporalNamespace,
    ...ownTemporalVariables,
  })
  .partial();

export type Variables = z.infer<typeof variables>;
export type VariableName = keyof Variables;

/** Whose values are whole numbers. */
export const wholeNumbers: ReadonlySet<string> = new Set<VariableName>([
  'RETENTION_DAYS',
  'WAL_RETENTION_DAYS',
  'BASE_BACKUP_DAYS',
  'WAL_LAG_MB',
  'WAL_LAG_SECONDS',
  'KEEP_LAST',
  'COMPRESSION_LEVEL',
  'STALL_TIMEOUT_SECONDS',
  'MAX_BACKUP_AGE_HOURS',
  'MIN_DISK_SPACE_GB',
  'VERIFY_WITHIN_DAYS',
  'MAX_WAL_AGE_HOURS',
  'ALERT_REMINDER_HOURS',
  'PARALLEL_PER_HOST',
  'PGPORT',
  'SMTP_PORT',
  'HOLDFAST_TEMPORAL_PORT',
  'HOLDFAST_UI_PORT',
]);

/** Separated by commas. */
export const lists: ReadonlySet<string> = new Set<VariableName>(['SMTP_TO']);

/** Set but empty, these are as good as unset: libpq and Temporal read theirs so, and compose files write them so. */
export const mayBeEmpty: ReadonlySet<string> = new Set<VariableName>([
  'PGPORT',
  'ALERT_ENDPOINT',
  'DEAD_MANS_SWITCH_URL',
  'SMTP_HOST',
  'SMTP_CA_FILE',
  'SMTP_USER',
  'SMTP_PASSWORD',
  'SMTP_FROM',
  'SMTP_TO',
  'METRICS_ADDRESS',
  'HOLDFAST_HOST',
  'SCHEDULE_FULL',
  'SCHEDULE_WAL',
  'SCHEDULE_MONITOR',
  'SCHEDULE_DRILL',
  'SCHEDULE_TIME_ZONE',
  'PG_BIN_DIR',
  'PGHOST',
  'PGUSER',
  'PGPASSWORD',
  'PGSERVICE',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'PGPASSFILE',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'HOLDFAST_TEMPORAL_PORT',
  'HOLDFAST_UI_PORT',
]);

/** Every variable, with its description and what it allows. */
export function environmentSchema(): schema.JsonSchema {
  return z.toJSONSchema(variables, { target: 'draft-7', io: 'input' }) as schema.JsonSchema;
}
