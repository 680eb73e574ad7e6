import type { BackupsSettings, ClusterConfig, DatabaseConfig, DrillSettings } from './config.js';
import { defined } from './layers.js';
import type { Problem } from './problem.js';
import type { FileReading, SettingPath } from './read-file.js';
import { resolvePath } from './resolve-path.js';

type Settings = Pick<ClusterConfig, 'drill' | 'backups'>;

export interface ResolvedFleet {
  settings: Settings;
  /** By the path in holdfast.yaml. */
  origins: Record<string, string>;
  problems: Problem[];
}

const drillDefaults: DrillSettings = { enabled: true, globals: false, pointInTime: true };
const backupsDefaults: BackupsSettings = { parallel: 2 };

/** How a cluster's backups are drilled, and what is backed up of it: its own settings over those for all. */
export function resolveFleet(cluster: string, file: FileReading, clusters: readonly string[]): ResolvedFleet {
  const written = file.settings.clusters?.[cluster];
  const { defaults } = file.settings;
  const resolved: ResolvedFleet = {
    settings: { drill: drillDefaults, backups: backupsDefaults },
    origins: {},
    problems: [],
  };
  const layers = <Key extends 'drill' | 'backups'>(key: Key) => {
    const own = written?.[key] ?? {};
    const shared = defaults?.[key] ?? {};
    const noteOrigins = (names: readonly string[], prefix: SettingPath) => {
      for (const name of names)
        resolved.origins[['clusters', cluster, key, name].join('.')] = file.originOf([...prefix, key, name]);
    };
    for (const name of Object.keys(key === 'drill' ? drillDefaults : backupsDefaults))
      resolved.origins[['clusters', cluster, key, name].join('.')] = 'default';
    noteOrigins(Object.keys(defined(shared)), ['defaults']);
    noteOrigins(Object.keys(defined(own)), ['clusters', cluster]);
    return { ...defined(shared), ...defined(own) };
  };
  const { folder, ...drill } = layers('drill') as Partial<DrillSettings>;
  resolved.settings.drill = {
    ...drillDefaults,
    ...drill,
    ...(folder !== undefined && { folder: resolvePath(folder, file.folder) }),
  };
  resolved.settings.backups = { ...backupsDefaults, ...(layers('backups') as Partial<BackupsSettings>) };
  resolved.problems = unknownServers(cluster, file, clusters);
  return resolved;
}

/** A drill on a cluster that is none. */
function unknownServers(cluster: string, file: FileReading, clusters: readonly string[]): Problem[] {
  const { settings } = file;
  const written = settings.clusters?.[cluster];
  const named: [SettingPath, string | undefined][] = [
    [['defaults', 'drill', 'on'], settings.defaults?.drill?.on],
    [['clusters', cluster, 'drill', 'on'], written?.drill?.on],
    ...Object.entries(written?.databases ?? {}).map(
      ([name, { drill }]): [SettingPath, string | undefined] => [
        ['clusters', cluster, 'databases', name, 'drill', 'on'],
        drill?.on,
      ],
    ),
  ];
  return named.flatMap(([path, on]) => {
    if (on === undefined || clusters.includes(on)) return [];
    const allowed = `a cluster of these settings: ${clusters.join(', ')}`;
    return [{ field: path.map(String).join('.'), value: on, allowed, origin: file.originOf(path) }];
  });
}

/** Whether and on which cluster's server a database of a cluster is drilled. */
export function drillOf(
  { name, drill, databases }: Pick<ClusterConfig, 'name' | 'drill' | 'databases'>,
  database: string,
): { enabled: boolean; on: string } {
  const own: DatabaseConfig['drill'] = Object.hasOwn(databases, database) ? databases[database]?.drill : {};
  return { enabled: own?.enabled ?? drill.enabled, on: own?.on ?? drill.on ?? name };
}
