import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'dotenv';
import * as z from 'zod';
import { findMisspelt } from './misspelt.js';
import type { Problem } from './problem.js';
import * as schema from './schema/file.js';
import { parallelPerHost } from './schema/fleet.js';
import { mailParts } from './schema/mail.js';
import { metricsAddress } from './schema/metrics.js';
import { ownTemporalVariables } from './schema/own-temporal.js';
import { cronOrOff, timeZone } from './schema/schedules.js';

export type Environment = Record<string, string | undefined>;

const { clusterSettings, connection } = schema;

/** The variables that Holdfast reads, Temporal's apart. */
const variables = z
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

const wholeNumbers: ReadonlySet<string> = new Set<VariableName>([
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
const lists: ReadonlySet<string> = new Set<VariableName>(['SMTP_TO']);

/** Set but empty, these are as good as unset: libpq and Temporal read theirs so, and compose files write them so. */
const mayBeEmpty: ReadonlySet<string> = new Set<VariableName>([
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

export interface EnvironmentReading {
  settings: Variables;
  /** Every variable: those of `.env` under those of the environment. */
  all: Record<string, string>;
  originOf(name: string): string;
  problems: Problem[];
  /** Names that look like settings and are none, one line each. */
  warnings: string[];
}

/** Reads the environment, and under it `.env` in the working folder. Changes neither. */
export async function readEnvironment(env: Environment, cwd: string): Promise<EnvironmentReading> {
  const dotenvPath = join(cwd, '.env');
  const dotenv = await readDotenv(dotenvPath);
  const own = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const all = { ...dotenv.variables, ...Object.fromEntries(own) };
  const originOf = (name: string) => (env[name] === undefined ? dotenvPath : 'environment');

  const given = Object.fromEntries(namesIn(all).map((name) => [name, readValue(name, all[name] ?? '')]));
  const parsed = variables.safeParse(given);
  const problems = (parsed.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0]);
    return { field: name, value: all[name], allowed: issue.message, origin: originOf(name) };
  });
  const wrong = new Set(problems.map(({ field }) => field));
  const right = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name)));
  const warnings = findMisspelt(Object.keys(all), Object.keys(variables.shape), originOf);
  return {
    settings: variables.parse(right),
    ...{ all, originOf, warnings, problems: [...dotenv.problems, ...problems] },
  };
}

function namesIn(all: Record<string, string>): string[] {
  const known = Object.keys(variables.shape);
  return known.filter((name) => all[name] !== undefined && !(all[name] === '' && mayBeEmpty.has(name)));
}

/** Strictly: `30d`, `1e3`, ` 7` and `` stay text, which the schema refuses. */
function readValue(name: string, text: string): string | number | string[] {
  if (lists.has(name)) return text.split(',').map((part) => part.trim());
  return wholeNumbers.has(name) && /^-?\d+$/.test(text) ? Number(text) : text;
}

async function readDotenv(path: string): Promise<{ variables: Record<string, string>; problems: Problem[] }> {
  try {
    return { variables: parse(await readFile(path)), problems: [] };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A folder of that name is some other tool's, such as Python's virtual environment.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return { variables: {}, problems: [] };
    return {
      variables: {},
      problems: [{ field: '.env', complaint: message, allowed: 'a readable file', origin: path }],
    };
  }
}
