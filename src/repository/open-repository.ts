import type { ClusterConfig } from '../config/config.js';
import { localRepository } from './local/local-repository.js';
import type { Repository } from './repository.js';

/** The repository in which a cluster's backups live. */
export function openRepository(cluster: Pick<ClusterConfig, 'name' | 'repositoryPath'>): Repository {
  return localRepository(cluster.repositoryPath, cluster.name);
}
