import { sha256 } from '../sha256.js';
import type { ClusterConfig, Config } from './config.js';

/** 12 hexadecimal digits that tell one work place (repository and servers) from another. Made of no secret. */
export function configFingerprint({ backupDir, clusters }: Pick<Config, 'backupDir' | 'clusters'>): string {
  const places = Object.values(clusters)
    .map(({ name, host, connection }) => [name, host, ...serverOf(connection)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return digest([backupDir, places]);
}

/** The same of the repository alone: history and what was begun outlast a change of everything else. */
export function repositoryFingerprint({ backupDir }: Pick<Config, 'backupDir'>): string {
  return digest([backupDir]);
}

/** The same of one cluster: by it a worker sees whether a command means the server and repository that it does. */
export function clusterFingerprint({
  repositoryPath,
  connection,
}: Pick<ClusterConfig, 'repositoryPath' | 'connection'>): string {
  return digest([repositoryPath, serverOf(connection)]);
}

function serverOf({ host, port, user, service }: ClusterConfig['connection']) {
  return [host, port, user, service];
}

function digest(place: unknown): string {
  return sha256(JSON.stringify(place)).slice(0, 12);
}
