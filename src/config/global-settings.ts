import { availableParallelism, hostname } from 'node:os';
import type { Config } from './config.js';
import { defined } from './layers.js';
import { resolveOwnTemporal } from './own-temporal.js';
import type { EnvironmentReading } from './read-environment.js';
import type { FileReading } from './read-file.js';
import { resolvePath } from './resolve-path.js';
import type { Variables } from './schema/environment.js';
import type { FileSettings } from './schema/file.js';

/** Everything that was read, not yet put together. */
export interface Sources {
  environment: EnvironmentReading;
  file: FileReading;
  /** Folder of the environment's relative paths. */
  cwd: string;
}

type TextVariable = {
  [Name in keyof Variables]-?: string extends Variables[Name] ? Name : never;
}[keyof Variables];

interface Place {
  variable: TextVariable;
  /** Path in holdfast.yaml. */
  path: string[];
  inFile(settings: FileSettings): string | undefined;
}

/** Settings that belong to no cluster. */
const places = {
  backupDir: { variable: 'BACKUP_DIR', path: ['backupDir'], inFile: (file) => file.backupDir },
  host: { variable: 'HOLDFAST_HOST', path: ['host'], inFile: () => undefined },
  pgBinDir: { variable: 'PG_BIN_DIR', path: ['pgBinDir'], inFile: (file) => file.pgBinDir },
  address: {
    variable: 'TEMPORAL_ADDRESS',
    path: ['temporal', 'address'],
    inFile: (file) => file.temporal?.address,
  },
  namespace: {
    variable: 'TEMPORAL_NAMESPACE',
    path: ['temporal', 'namespace'],
    inFile: (file) => file.temporal?.namespace,
  },
  alertEndpoint: {
    variable: 'ALERT_ENDPOINT',
    path: ['alerts', 'endpoint'],
    inFile: (file) => file.alerts?.endpoint,
  },
  deadMansSwitch: {
    variable: 'DEAD_MANS_SWITCH_URL',
    path: ['alerts', 'deadMansSwitch'],
    inFile: (file) => file.alerts?.deadMansSwitch,
  },
  metricsAddress: {
    variable: 'METRICS_ADDRESS',
    path: ['metrics', 'address'],
    inFile: (file) => file.metrics?.address,
  },
} as const satisfies Record<string, Place>;

interface Setting {
  value: string;
  origin: string;
  /** Against which the value stands when it is a relative path. */
  folder: string;
}

export interface GlobalSettings {
  config: Omit<Config, 'clusters' | 'origins' | 'mail' | 'routes' | 'secretFiles' | 'warnings'>;
  origins: Record<string, string>;
}

/** Puts together what belongs to no cluster: environment over file over defaults. */
export function resolveGlobal(sources: Sources): GlobalSettings {
  const origins: Record<string, string> = {};
  const setting = (place: Place): Setting | undefined => {
    const found = lookUp(place, sources);
    if (found) origins[place.path.join('.')] = found.origin;
    return found;
  };
  const path = (found: Setting | undefined) => found && resolvePath(found.value, found.folder);
  origins.backupDir = origins.host = 'default';
  const backupDir = path(setting(places.backupDir)) ?? resolvePath('data', sources.cwd);
  const host = setting(places.host)?.value ?? hostname();
  const optional = {
    pgBinDir: path(setting(places.pgBinDir)),
    alertEndpoint: setting(places.alertEndpoint)?.value,
    deadMansSwitch: setting(places.deadMansSwitch)?.value,
    metricsAddress: setting(places.metricsAddress)?.value,
  };
  const temporal = {
    ...{ address: setting(places.address)?.value, namespace: setting(places.namespace)?.value },
    ...resolveOwnTemporal(sources, origins),
  };
  const variables = Object.entries(sources.environment.all).filter(([name]) => name.startsWith('TEMPORAL_'));
  const config = {
    backupDir,
    host,
    temporal: { ...defined(temporal), variables: Object.fromEntries(variables) },
    parallelPerHost: resolveParallel(sources, origins),
    webhooks: resolveWebhooks(sources, origins),
    ...defined(optional),
  };
  return { config: config as GlobalSettings['config'], origins };
}

/** Each dump keeps about a processor busy. */
function resolveParallel({ environment, file }: Sources, origins: Record<string, string>): number {
  const [variable, key] = ['PARALLEL_PER_HOST', 'parallelPerHost'] as const;
  const [set, written] = [environment.settings[variable], file.settings[key]];
  origins[key] = 'default';
  if (set !== undefined) origins[key] = environment.originOf(variable);
  else if (written !== undefined) origins[key] = file.originOf([key]);
  return set ?? written ?? Math.max(2, availableParallelism());
}

/** Only holdfast.yaml has them. */
function resolveWebhooks({ file }: Sources, origins: Record<string, string>): Config['webhooks'] {
  return (file.settings.alerts?.webhooks ?? []).map(({ name, url, template, contentType }, index) => {
    origins[`alerts.webhooks.${index}`] = file.originOf(['alerts', 'webhooks', index]);
    return {
      ...{ name: name ?? `webhook-${index + 1}`, url, template },
      contentType: contentType ?? 'application/json',
    };
  });
}

function lookUp({ variable, path, inFile }: Place, { environment, file, cwd }: Sources): Setting | undefined {
  const value = environment.settings[variable];
  if (value !== undefined) return { value, origin: environment.originOf(variable), folder: cwd };
  const written = inFile(file.settings);
  return written === undefined
    ? undefined
    : { value: written, origin: file.originOf(path), folder: file.folder };
}
