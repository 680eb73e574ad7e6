import { activityInfo } from '@temporalio/activity';
import type { ClusterConfig, Config } from '../src/config/config.js';
import { HoldfastError } from '../src/domain/errors.js';
import type { LoggerOptions } from '../src/log.js';

/** What activities work with. */
export interface ActivityDeps {
  config: Config;
  /** Where the worker's own log goes; every operation has a file of its own besides. */
  logOptions: Omit<LoggerOptions, 'file'>;
  /** Where Holdfast keeps what must outlast a restart. @defaultValue `stateDirectory()` */
  stateDir?: string;
}

/** What every step of a full backup is about. */
export interface BackupStep {
  cluster: string;
  database: string;
  /** When the operation began, ISO 8601: the name of its log. */
  startedAt: string;
}

/** The configured cluster of that name. */
export function clusterOf({ config }: ActivityDeps, name: string): ClusterConfig {
  const cluster = Object.hasOwn(config.clusters, name) ? config.clusters[name] : undefined;
  if (cluster) return cluster;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `look up cluster "${name}"`,
    cause: `this worker's settings describe only ${Object.keys(config.clusters).join(', ')}`,
    remedy: 'give the worker the same holdfast.yaml as the command',
  });
}

/** The run an activity belongs to. */
export function runOf(): { workflowId: string; runId: string; attempt: number } {
  const { workflowExecution, attempt } = activityInfo();
  if (!workflowExecution) throw new Error('a step of a backup runs inside a workflow');
  return { ...workflowExecution, attempt };
}

/** Where PostgreSQL's client programs are looked for. */
export function toolOptions({ config }: ActivityDeps): { pgBinDir?: string } {
  return config.pgBinDir === undefined ? {} : { pgBinDir: config.pgBinDir };
}
