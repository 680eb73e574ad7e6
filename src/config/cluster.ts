import { join } from 'node:path';
import { resolveConnection } from './cluster-connection.js';
import { type ClusterSettings, resolveSettings } from './cluster-settings.js';
import type { ClusterConfig } from './config.js';
import { resolveFleet } from './fleet.js';
import type { GlobalSettings, Sources } from './global-settings.js';
import { type Layer, layerOfEnvironment, layerOfFile, type VariablesOf } from './layers.js';
import type { Problem } from './problem.js';
import { resolveRestoring } from './restoring.js';
import { resolveSchedules, withSchedules } from './schedules.js';

/** The cluster that the environment describes. */
const defaultCluster = 'default';

/** Every cluster: those of holdfast.yaml, and `default` unless the file names others and no variable a server. */
export function clusterNames({ environment: { settings }, file }: Sources): string[] {
  const named = Object.keys(file.settings.clusters ?? {});
  const aServer = settings.PGHOST ?? settings.PGPORT ?? settings.PGUSER ?? settings.PGSERVICE;
  if (named.includes(defaultCluster) || (named.length > 0 && aServer === undefined)) return named;
  return [defaultCluster, ...named];
}

export interface ResolvedCluster {
  cluster: ClusterConfig;
  origins: Record<string, string>;
  problems: Problem[];
}

/** Puts one cluster's settings together. */
export async function resolveCluster(
  name: string,
  global: GlobalSettings,
  sources: Sources,
): Promise<ResolvedCluster> {
  const { backupDir, host: thisHost } = global.config;
  const written = sources.file.settings.clusters?.[name];
  const host = written?.host ?? thisHost;
  const resolved = resolveSettings(name, layersOf(name, sources));
  const reached = await resolveConnection({ ...sources, cluster: name, isHere: host === thisHost });
  const restoring = resolveRestoring(name, sources.file);
  const fleet = resolveFleet(name, sources.file, clusterNames(sources));
  const { schedules, origins: scheduleOrigins } = resolveSchedules(name, sources, name === defaultCluster);
  const prefix = `clusters.${name}`;
  const hostOrigin = written?.host ? sources.file.originOf(['clusters', name, 'host']) : global.origins.host;
  const settingOrigins = Object.entries(resolved.origins).map(([key, origin]) => [
    `${prefix}.${key}`,
    origin,
  ]);
  return {
    cluster: {
      name,
      host,
      repositoryPath: name === defaultCluster ? backupDir : join(backupDir, name),
      connection: reached.connection,
      ...resolved.settings,
      ...restoring.settings,
      ...fleet.settings,
      databases: withSchedules(restoring.settings.databases, written?.databases, schedules),
      schedules,
    },
    origins: {
      [`${prefix}.host`]: hostOrigin ?? 'default',
      ...reached.origins,
      ...Object.fromEntries(settingOrigins),
      ...restoring.origins,
      ...fleet.origins,
      ...scheduleOrigins,
    },
    problems: [...resolved.problems, ...reached.problems, ...restoring.problems, ...fleet.problems],
  };
}

/** A variable stands over what the file says of the default cluster and of all, under what it says of another by name. */
function layersOf(name: string, { environment, file }: Sources): Layer<ClusterSettings>[] {
  const own = layerOfFile<ClusterSettings>(['clusters', name], file.settings.clusters?.[name] ?? {}, file);
  const inEnvironment = layerOfEnvironment<ClusterSettings>(variables, environment);
  const defaults = layerOfFile<ClusterSettings>(['defaults'], file.settings.defaults ?? {}, file);
  return name === defaultCluster ? [inEnvironment, own, defaults] : [own, inEnvironment, defaults];
}

const variables = {
  compression: 'COMPRESSION',
  compressionLevel: 'COMPRESSION_LEVEL',
  retentionDays: 'RETENTION_DAYS',
  walRetentionDays: 'WAL_RETENTION_DAYS',
  baseBackupDays: 'BASE_BACKUP_DAYS',
  walLagMb: 'WAL_LAG_MB',
  walLagSeconds: 'WAL_LAG_SECONDS',
  keepLast: 'KEEP_LAST',
  stallTimeoutSeconds: 'STALL_TIMEOUT_SECONDS',
  maxBackupAgeHours: 'MAX_BACKUP_AGE_HOURS',
  minDiskSpaceGb: 'MIN_DISK_SPACE_GB',
  verifyWithinDays: 'VERIFY_WITHIN_DAYS',
  maxWalAgeHours: 'MAX_WAL_AGE_HOURS',
  alertReminderHours: 'ALERT_REMINDER_HOURS',
} as const satisfies VariablesOf<ClusterSettings>;
