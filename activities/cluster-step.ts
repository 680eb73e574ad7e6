import type { ClusterConfig } from '../src/config/config.js';
import type { Logger } from '../src/log.js';
import { type BaseRepository, baseRepository } from '../src/repository/base/base-repository.js';
import { type WalLayout, walLayout } from '../src/repository/local/wal/wal-layout.js';
import type { ActivityDeps } from './deps.js';
import { clusterOf } from './deps.js';
import { requirePlace } from './place.js';
import { logged } from './step-log.js';

/** What every step of an operation on a whole cluster is about. */
export interface ClusterStep {
  cluster: string;
  /** When the operation began, ISO 8601: the name of its log. */
  startedAt: string;
  /** Fingerprint of the server and repository that the command means; absent where only the worker's settings count. */
  place?: string;
}

/** What a step belongs to, in the words of errors and of the log's name. */
export interface ClusterOperation {
  verb: string;
  operation: string;
}

/** {@link logged} for a step of an operation on a whole cluster, on no other server or repository than is meant. */
export async function loggedCluster<T>(
  deps: ActivityDeps,
  { cluster, startedAt, place }: ClusterStep,
  name: string,
  { verb, operation }: ClusterOperation,
  act: (log: Logger) => Promise<T>,
): Promise<T> {
  requirePlace(verb, clusterOf(deps, cluster), place);
  return logged(deps, { cluster, startedAt }, name, act, operation);
}

/** {@link loggedCluster} for a WAL cycle. */
export function loggedCycle<T>(
  deps: ActivityDeps,
  step: ClusterStep,
  name: string,
  act: (log: Logger) => Promise<T>,
): Promise<T> {
  return loggedCluster(deps, step, name, { verb: 'look after the WAL of', operation: 'wal-cycle' }, act);
}

/** A cluster, and where its WAL and base backups lie. */
export interface ClusterPlaces {
  cluster: ClusterConfig;
  layout: WalLayout;
  bases: BaseRepository;
}

/** The places of the cluster that has the name. */
export function placesOf(deps: ActivityDeps, name: string): ClusterPlaces {
  const cluster = clusterOf(deps, name);
  const { repositoryPath } = cluster;
  return { cluster, layout: walLayout(repositoryPath), bases: baseRepository(repositoryPath, name) };
}
