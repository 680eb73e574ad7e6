import * as z from 'zod';
import { compressionLevels } from '../../domain/backup/compression-levels.js';
import { routes, webhooks } from './alerts.js';
import { backups, drill, parallelPerHost } from './fleet.js';
import { mail } from './mail.js';
import { metrics } from './metrics.js';
import { ownTemporal } from './own-temporal.js';
import { oneOf, optional, text, whole } from './parts.js';
import { approval, assertions, databases } from './restoring.js';
import { schedules } from './schedules.js';

const levelsAllowed = Object.entries(compressionLevels)
  .map(([method, { least, most }]) => `${least} to ${most} for ${method}`)
  .join(', ');

const tenYears = 36_500;
const tenYearsInHours = tenYears * 24;

/** A name of a machine, as it stands in the names of task queues. */
export const hostName = text('a host name', /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/).describe(
  "Host whose worker backs this cluster up. Default: the machine's own name.",
);

const path = text('a path');

export const pgBinDir = path.describe("Folder of PostgreSQL's client programs. Default: looked for.");

export const backupDir = path.describe('The repository. Default: `data` in the working folder.');

export const alertEndpoint = z
  .url({ protocol: /^https?$/, hostname: /./, error: 'an http or https URL' })
  .describe('Alerts are POSTed here as JSON. Default: they are only logged.');

export const deadMansSwitch = z
  .url({ protocol: /^https?$/, hostname: /./, error: 'an http or https URL' })
  .describe('Asked for (GET) after each look of monitoring that finds nothing critical. Default: none.');

export const temporalAddress = text('host:port', /^[^\s/@]+(?<!:)$/).describe("Temporal's `host:port`.");

export const temporalNamespace = text('a namespace').describe("Temporal's namespace. Default: `default`.");

/** Settings of a cluster that `defaults` can give to all of them. */
export const clusterSettings = {
  compression: oneOf(['gzip', 'zstd', 'lz4']).describe('Compression of full backups. Default: gzip.'),
  compressionLevel: whole(1, 19, `a whole number, ${levelsAllowed}`).describe(
    `Level of that method (${levelsAllowed}). Default: gzip 6, zstd 2, lz4 1.`,
  ),
  retentionDays: whole(1, tenYears).describe('Days for which full backups are kept. Default: 30.'),
  walRetentionDays: whole(1, tenYears).describe(
    'Days back to which a point in time can be restored. Default: 7.',
  ),
  baseBackupDays: whole(1, tenYears).describe(
    'Age in days from which on a WAL cycle takes a new base backup. Default: 7.',
  ),
  walLagMb: whole(1, 100_000_000).describe(
    'WAL, in units of 1024 * 1024 bytes, by which streaming may be behind before an alert is raised. Default: 256.',
  ),
  walLagSeconds: whole(1, 86_400).describe(
    'Seconds by which streaming may be behind before an alert is raised. Default: 300.',
  ),
  keepLast: whole(1, 10_000).describe('Newest backups of each database kept whatever their age. Default: 1.'),
  stallTimeoutSeconds: whole(1, 86_400).describe(
    'Seconds without progress, and without work of the server’s, after which a step that moves data is given up and begun anew. Default: 60.',
  ),
  maxBackupAgeHours: whole(1, tenYearsInHours).describe(
    'Age of the last backup that raises an alert. Default: 25.',
  ),
  minDiskSpaceGb: whole(0, 1_000_000).describe(
    'Free space, in GB, under which an alert is raised. Default: 10.',
  ),
  verifyWithinDays: whole(1, tenYears).describe(
    'Days within which monitoring re-reads every stored backup. Default: 14.',
  ),
  maxWalAgeHours: whole(1, tenYearsInHours).describe(
    'Age of the newest archived WAL that raises an alert. Default: 2.',
  ),
  alertReminderHours: whole(1, tenYearsInHours).describe(
    'Hours after which an alert is sent again while its cause lasts. Default: 24.',
  ),
};

/** How libpq reaches a server. */
export const connection = {
  host: text(
    'a host name, an address, or the absolute path of a socket folder',
    /^(?:\/[^\p{Cc}]*|@?[^\p{Cc}\s/=@]+)$/u,
  ).describe('Host name, address, or absolute path of a socket folder.'),
  port: whole(1, 65_535).describe('Port.'),
  user: text('a role name').describe('Role.'),
  service: text('a section of pg_service.conf').describe('A section of pg_service.conf.'),
  sslmode: oneOf(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']).describe(
    "libpq's sslmode.",
  ),
  sslrootcert: path.describe('Certificates of authorities, or `system`.'),
  passfile: path.describe("libpq's password file. Default: ~/.pgpass."),
};

/** Where a password comes from: never from holdfast.yaml itself. */
const passwordSources = {
  passwordFile: path.describe('File that holds the password alone.'),
  passwordEnv: text('the name of an environment variable', /^[A-Za-z_]\w*$/).describe(
    'Variable that holds the password.',
  ),
};

/** A cluster's own folder must not be one of those of the default cluster's repository. */
const clusterName = z.string().regex(/^(?!(?:full|incremental|logs)$)[a-z0-9][a-z0-9_-]{0,40}$/);

/** What a cluster may be called. */
export const clusterNameAllowed =
  'lower-case letters, digits, _ and -, at most 41, not beginning with _ or -, and none of full, incremental, logs';

const cluster = optional({
  host: hostName,
  connection: optional({ ...connection, ...passwordSources }).describe('How libpq reaches the server.'),
  ...clusterSettings,
  approval,
  assertions,
  databases,
  drill,
  backups,
  schedules,
}).describe('A PostgreSQL server instance.');

/** holdfast.yaml. A setting that comes later gets its place here, and with it its check, show and JSON Schema. */
export const fileSchema = optional({
  version: z.literal(1, { error: '1' }).describe("Version of this file's format."),
  backupDir,
  pgBinDir,
  parallelPerHost,
  temporal: optional({ address: temporalAddress, namespace: temporalNamespace, ...ownTemporal }),
  defaults: optional({ ...clusterSettings, approval, drill, backups, schedules }).describe(
    'For every cluster that says nothing else.',
  ),
  clusters: z
    .record(clusterName, cluster, { error: 'a map of clusters by name' })
    .describe('Clusters by name.'),
  alerts: optional({ endpoint: alertEndpoint, deadMansSwitch, webhooks, mail, routes }),
  metrics,
});

export type FileSettings = z.infer<typeof fileSchema>;
export type ClusterFileSettings = NonNullable<NonNullable<FileSettings['clusters']>[string]>;

export interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  type?: string;
  [keyword: string]: unknown;
}

/** The JSON Schema of holdfast.yaml, for editors: draft 7, which all of them understand. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(fileSchema, { target: 'draft-7', io: 'input' }) as JsonSchema;
  return { title: 'holdfast.yaml', ...schema };
}
