import { join } from 'node:path';
import type { ClusterConfig } from '../../src/config/config.js';
import type { Logger } from '../../src/log.js';
import { walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { sha256 } from '../../src/sha256.js';
import { type ClusterStep, loggedCluster } from '../cluster-step.js';
import type { ActivityDeps } from '../deps.js';

/** `loggedCluster` for a drill. */
export function loggedDrill<T>(
  deps: ActivityDeps,
  step: ClusterStep,
  name: string,
  act: (log: Logger) => Promise<T>,
): Promise<T> {
  return loggedCluster(deps, step, name, { verb: 'drill', operation: 'drill' }, act);
}

/** Whose drills they are: what an earlier one has left is removed by its like, and by nobody else. */
export function drillOwner({
  name,
  host,
  repositoryPath,
}: Pick<ClusterConfig, 'name' | 'host' | 'repositoryPath'>): string {
  const place = sha256(JSON.stringify([host, repositoryPath]));
  return `${name}-${place.slice(0, 12)}`;
}

/** Full path of the folder in which points in time are recovered for a drill. */
export function drillFolder({ drill, repositoryPath }: ClusterConfig): string {
  return drill.folder ?? join(walLayout(repositoryPath).incremental, '.drill');
}
