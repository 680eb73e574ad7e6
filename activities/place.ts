import type { ClusterConfig } from '../src/config/config.js';
import { clusterFingerprint } from '../src/config/fingerprint.js';
import { HoldfastError } from '../src/domain/errors.js';

/**
 * Refuses to work on another server, or with another repository, than the command that asks means.
 * @throws HoldfastError ConfigurationInvalid
 */
export function requirePlace(verb: string, cluster: ClusterConfig, place: string | undefined): void {
  if (place === undefined || place === clusterFingerprint(cluster)) return;
  const { host = "libpq's default host", port = 'default', user } = cluster.connection;
  const server = cluster.connection.service ?? `${host}, port ${port}${user ? `, user ${user}` : ''}`;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `${verb} cluster "${cluster.name}" by this host's worker`,
    cause: `the worker has other settings than the command: server ${server}, repository ${cluster.repositoryPath}`,
    remedy: 'give both the same settings, or stop the worker and let the command do the work itself',
  });
}
