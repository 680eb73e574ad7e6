import type { ApprovalPolicy } from '../domain/approval/policy.js';
import { strictestPolicy } from '../domain/backup/cluster-policy.js';
import type { Assertion } from '../domain/restore/assertion.js';
import { resolvePolicy } from './approval-policy.js';
import type { ClusterConfig, DatabaseConfig } from './config.js';
import { defined, type Layer } from './layers.js';
import type { Problem } from './problem.js';
import type { FileReading } from './read-file.js';
import type { ApprovalFileSettings, AssertionFileSettings } from './schema/restoring.js';

type Settings = Pick<ClusterConfig, 'approval' | 'assertions' | 'databases'>;

export interface ResolvedRestoring {
  settings: Settings;
  /** By the path in holdfast.yaml. */
  origins: Record<string, string>;
  problems: Problem[];
}

/** How databases of one cluster are restored: by name, and those without one. */
export function resolveRestoring(cluster: string, file: FileReading): ResolvedRestoring {
  const written = file.settings.clusters?.[cluster];
  const prefix = ['clusters', cluster];
  const shared = [
    layer([...prefix, 'approval'], written?.approval, file),
    layer(['defaults', 'approval'], file.settings.defaults?.approval, file),
  ];
  const resolved: ResolvedRestoring = {
    settings: { approval: resolvePolicy([]).policy, assertions: [], databases: {} },
    origins: {},
    problems: [],
  };
  const policyAt = (path: string[], layers: Layer<ApprovalFileSettings>[]) => {
    const { policy, origins, problems } = resolvePolicy(layers);
    for (const [key, origin] of Object.entries(origins))
      resolved.origins[[...path, 'approval', key].join('.')] = origin;
    resolved.problems.push(...problems);
    return policy;
  };
  const assertionsAt = (path: string[], listed: readonly AssertionFileSettings[] = []) => {
    for (const index of listed.keys()) {
      const place = [...path, 'assertions', index];
      resolved.origins[place.join('.')] = file.originOf(place);
    }
    return listed.map(assertionOf);
  };
  resolved.settings.approval = policyAt(prefix, shared);
  resolved.settings.assertions = assertionsAt(prefix, written?.assertions);
  const databases = Object.entries(written?.databases ?? {}).map(([name, own]): [string, DatabaseConfig] => {
    const path = [...prefix, 'databases', name];
    const layers = [layer([...path, 'approval'], own.approval, file), ...shared];
    const assertions = assertionsAt(path, own.assertions);
    const drill = own.drill && defined(own.drill);
    for (const key of Object.keys(drill ?? {}))
      resolved.origins[[...path, 'drill', key].join('.')] = file.originOf([...path, 'drill', key]);
    return [name, { approval: policyAt(path, layers), assertions, schedules: {}, ...(drill && { drill }) }];
  });
  // Defined, not assigned: a database may be called __proto__.
  resolved.settings.databases = Object.fromEntries(databases);
  return resolved;
}

/** Who must agree before a restore replaces that database. */
export function approvalPolicyOf(settings: Settings, database: string): ApprovalPolicy {
  return databaseOf(settings, database)?.approval ?? settings.approval;
}

/** Who must agree before a whole cluster is replaced, and each of its databases with it. */
export function clusterPolicyOf({ approval, databases }: Settings): ApprovalPolicy {
  return strictestPolicy(
    approval,
    Object.values(databases).map((database) => database.approval),
  );
}

/** What must hold in a restored copy of that database. */
export function assertionsOf(settings: Settings, database: string): Assertion[] {
  return [...settings.assertions, ...(databaseOf(settings, database)?.assertions ?? [])];
}

function databaseOf({ databases }: Settings, database: string): DatabaseConfig | undefined {
  return Object.hasOwn(databases, database) ? databases[database] : undefined;
}

function assertionOf({ name, sql, expected = 'true', timeoutSeconds }: AssertionFileSettings): Assertion {
  return { name, sql, expected, ...(timeoutSeconds !== undefined && { timeoutSeconds }) };
}

function layer(
  path: string[],
  settings: ApprovalFileSettings | undefined,
  file: FileReading,
): Layer<ApprovalFileSettings> {
  return {
    settings: settings ?? {},
    fieldOf: (key) => [...path, key].join('.'),
    originOf: (key) => file.originOf([...path, key]),
  };
}
