import type { ClusterConfig } from '../../config/config.js';
import { clusterFingerprint } from '../../config/fingerprint.js';

/**
 * By which whoever streams into this repository finds what a dead worker of the same has left on the server: names its
 * sessions, see `sessionName`.
 */
export function streamTag(cluster: Pick<ClusterConfig, 'repositoryPath' | 'connection'>): string {
  return `wal-stream-${clusterFingerprint(cluster)}`;
}
