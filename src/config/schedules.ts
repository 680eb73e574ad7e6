import { type ScheduleKind, scheduleKinds } from '../domain/schedule/contracts.js';
import type { ClusterConfig, ScheduleConfig } from './config.js';
import { defined } from './layers.js';
import type { EnvironmentReading } from './read-environment.js';
import type { FileReading } from './read-file.js';
import type { DatabaseSchedulesFileSettings, SchedulesFileSettings } from './schema/schedules.js';

type Schedules = ClusterConfig['schedules'];

/** Settings of schedules from one place. */
interface Layer {
  settings: SchedulesFileSettings;
  originOf(kind: ScheduleKind, key: string): string;
}

export interface SchedulesSources {
  environment: EnvironmentReading;
  file: FileReading;
}

/** What is done by schedule where nobody says otherwise. */
const usual: Schedules = {
  full: { enabled: true, cron: '0 2 * * *', timeZone: 'UTC', jitterSeconds: 900, catchUpMinutes: 60 },
  wal: { enabled: 'auto', cron: '5 * * * *', timeZone: 'UTC', jitterSeconds: 120, catchUpMinutes: 60 },
  monitor: { enabled: true, cron: '*/15 * * * *', timeZone: 'UTC', jitterSeconds: 60, catchUpMinutes: 60 },
  drill: { enabled: true, cron: '0 4 1 * *', timeZone: 'UTC', jitterSeconds: 3600, catchUpMinutes: 60 },
};

/** One cluster's schedules; `variablesFirst` where variables stand over what the file says of it. */
export function resolveSchedules(
  cluster: string,
  sources: SchedulesSources,
  variablesFirst: boolean,
): { schedules: Schedules; origins: Record<string, string> } {
  const { settings } = sources.file;
  const variables = layerOfEnvironment(sources.environment);
  const own = layerOfFile(['clusters', cluster], settings.clusters?.[cluster]?.schedules, sources.file);
  const defaults = layerOfFile(['defaults'], settings.defaults?.schedules, sources.file);
  const layers = variablesFirst ? [variables, own, defaults] : [own, variables, defaults];
  const origins: Record<string, string> = {};
  const resolve = (kind: ScheduleKind): ScheduleConfig => {
    const found = Object.entries(usual[kind]).map(([key, otherwise]) => {
      const layer = layers.find((each) => valueIn(each.settings, kind, key) !== undefined);
      origins[`clusters.${cluster}.schedules.${kind}.${key}`] = layer?.originOf(kind, key) ?? 'default';
      return [key, layer ? valueIn(layer.settings, kind, key) : otherwise];
    });
    return Object.fromEntries(found) as ScheduleConfig;
  };
  const resolved = scheduleKinds.map((kind) => [kind, resolve(kind)]);
  return { schedules: Object.fromEntries(resolved) as Schedules, origins };
}

type Written = { schedules?: DatabaseSchedulesFileSettings | undefined };

/** Databases with schedules of their own: what these don't say is as for the cluster. */
export function withSchedules(
  databases: ClusterConfig['databases'],
  written: Record<string, Written> | undefined,
  { full }: Schedules,
): ClusterConfig['databases'] {
  const entries = Object.entries(databases).map(([name, database]) => {
    const own = written && Object.hasOwn(written, name) ? written[name]?.schedules?.full : undefined;
    const schedules = own ? { full: { ...full, enabled: true, ...defined(own) } } : {};
    return [name, { ...database, schedules }];
  });
  return Object.fromEntries(entries) as ClusterConfig['databases'];
}

/** What is said of one kind, else of all; all can be switched off at once, but not on. */
function valueIn(settings: SchedulesFileSettings, kind: ScheduleKind, key: string): unknown {
  const shared = settings as Record<string, unknown>;
  const own = settings[kind] as Record<string, unknown> | undefined;
  if (key === 'enabled' && settings.enabled === false) return false;
  if (own?.[key] !== undefined || key === 'enabled') return own?.[key];
  return shared[key];
}

function layerOfFile(
  prefix: string[],
  settings: SchedulesFileSettings | undefined,
  file: FileReading,
): Layer {
  const isOwn = (kind: ScheduleKind, key: string) =>
    (settings?.[kind] as Record<string, unknown> | undefined)?.[key] !== undefined;
  const path = (kind: ScheduleKind, key: string) => (isOwn(kind, key) ? [kind, key] : [key]);
  return {
    settings: settings ?? {},
    originOf: (kind, key) => file.originOf([...prefix, 'schedules', ...path(kind, key)]),
  };
}

const variables = {
  full: 'SCHEDULE_FULL',
  wal: 'SCHEDULE_WAL',
  monitor: 'SCHEDULE_MONITOR',
  drill: 'SCHEDULE_DRILL',
} as const;

function layerOfEnvironment({ settings, originOf }: EnvironmentReading): Layer {
  const written = scheduleKinds.flatMap((kind) => {
    const value = settings[variables[kind]];
    if (value === undefined) return [];
    return [[kind, value === 'off' ? { enabled: false } : { enabled: true, cron: value }]];
  });
  const timeZone = settings.SCHEDULE_TIME_ZONE;
  return {
    settings: { ...Object.fromEntries(written), ...(timeZone && { timeZone }) } as SchedulesFileSettings,
    originOf: (kind, key) => originOf(key === 'timeZone' ? 'SCHEDULE_TIME_ZONE' : variables[kind]),
  };
}
