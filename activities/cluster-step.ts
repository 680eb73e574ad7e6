import type { Logger } from '../src/log.js';
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

/** {@link logged} for a step of a WAL cycle, on no other server than is meant. */
export async function loggedCycle<T>(
  deps: ActivityDeps,
  { cluster, startedAt, place }: ClusterStep,
  name: string,
  act: (log: Logger) => Promise<T>,
): Promise<T> {
  requirePlace('look after the WAL of', clusterOf(deps, cluster), place);
  return logged(deps, { cluster, startedAt }, name, act, 'wal-cycle');
}
