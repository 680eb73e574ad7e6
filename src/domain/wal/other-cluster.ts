import type { BaseBackupSummary } from './base-backup.js';

/** Why the WAL of a server is not to come into an archive, and what to do. */
export interface OtherCluster {
  cause: string;
  remedy: string;
}

/** What to say where an archive began as another cluster's than the server's: WAL of two can't be told apart by its names. */
export function otherCluster(
  bases: readonly Pick<BaseBackupSummary, 'id' | 'systemIdentifier'>[],
  systemIdentifier: string,
): OtherCluster | undefined {
  const other = bases.find((base) => base.systemIdentifier !== systemIdentifier);
  if (!other) return undefined;
  return {
    cause: `base backup ${other.id} is of the cluster with system identifier ${other.systemIdentifier}, the server's is ${systemIdentifier}: it was initialised anew, or upgraded by pg_upgrade`,
    remedy:
      'give the new cluster another name in holdfast.yaml (and so another archive), or move the folder incremental/ of the old one away',
  };
}
