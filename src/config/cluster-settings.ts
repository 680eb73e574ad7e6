import { compressionLevels } from '../domain/backup/compression-levels.js';
import type { CompressionMethod } from '../domain/backup/metadata.js';
import type { ClusterConfig } from './config.js';
import { type Found, find, type Layer } from './layers.js';
import type { Problem } from './problem.js';
import type { ClusterFileSettings } from './schema/file.js';

/** What `defaults` in holdfast.yaml can set. */
export type ClusterSettings = Omit<
  ClusterFileSettings,
  'host' | 'connection' | 'approval' | 'assertions' | 'databases' | 'drill' | 'backups' | 'schedules'
>;

type Key = keyof ClusterSettings & string;

/** What holds where nobody says otherwise. */
const defaultSettings: Layer<ClusterSettings> = {
  settings: {
    compression: 'gzip',
    retentionDays: 30,
    walRetentionDays: 7,
    baseBackupDays: 7,
    walLagMb: 256,
    walLagSeconds: 300,
    keepLast: 1,
    stallTimeoutSeconds: 60,
    maxBackupAgeHours: 25,
    minDiskSpaceGb: 10,
    verifyWithinDays: 14,
    maxWalAgeHours: 2,
    alertReminderHours: 24,
  },
  fieldOf: (key) => key,
  originOf: () => 'default',
};

export type ResolvedSettings = Pick<ClusterConfig, Exclude<Key, 'compressionLevel'>> & {
  compressionLevel?: number;
};

export interface Resolved {
  settings: ResolvedSettings;
  origins: Partial<Record<Key, string>>;
  problems: Problem[];
}

/** One cluster's settings from the layers, the first one that has a setting deciding. */
export function resolveSettings(cluster: string, above: readonly Layer<ClusterSettings>[]): Resolved {
  const layers = [...above, defaultSettings];
  const origins: Partial<Record<Key, string>> = {};
  const take = <K extends Exclude<Key, 'compressionLevel'>>(key: K): ResolvedSettings[K] => {
    const found = find(layers, key);
    if (!found) throw new TypeError(`no default for ${key}`);
    origins[key] = found.origin;
    return found.value as ResolvedSettings[K];
  };
  const compression = take('compression');
  const level = findLevel(layers, compression);
  if (level) origins.compressionLevel = level.origin;
  const settings = {
    compression,
    ...(level && { compressionLevel: level.value }),
    retentionDays: take('retentionDays'),
    walRetentionDays: take('walRetentionDays'),
    baseBackupDays: take('baseBackupDays'),
    walLagMb: take('walLagMb'),
    walLagSeconds: take('walLagSeconds'),
    keepLast: take('keepLast'),
    stallTimeoutSeconds: take('stallTimeoutSeconds'),
    maxBackupAgeHours: take('maxBackupAgeHours'),
    minDiskSpaceGb: take('minDiskSpaceGb'),
    verifyWithinDays: take('verifyWithinDays'),
    maxWalAgeHours: take('maxWalAgeHours'),
    alertReminderHours: take('alertReminderHours'),
  };
  return { settings, origins, problems: level ? problemsOfLevel(cluster, compression, level) : [] };
}

/** A level counts for the method it was set for: one from a lower layer than another method's choice is left. */
function findLevel(
  layers: readonly Layer<ClusterSettings>[],
  method: CompressionMethod,
): Found<number> | undefined {
  const place = layers.findIndex(({ settings }) => settings.compressionLevel !== undefined);
  if (place < 0 || find(layers.slice(place), 'compression')?.value === method)
    return find(layers, 'compressionLevel');
  const chosen = layers.findIndex(({ settings }) => settings.compression !== undefined);
  return place <= chosen ? find(layers, 'compressionLevel') : undefined;
}

function problemsOfLevel(
  cluster: string,
  method: CompressionMethod,
  { value, field, origin }: Found<number>,
): Problem[] {
  const { least, most } = compressionLevels[method];
  if (value >= least && value <= most) return [];
  return [
    { field, value, allowed: `${least} to ${most} for ${method}, which cluster ${cluster} uses`, origin },
  ];
}
