import { HoldfastError } from '../src/domain/errors.js';
import type { BaseRepository } from '../src/repository/base/base-repository.js';

/**
 * Refuses an archive that began as another cluster's: WAL of two can't be told apart by its names.
 * @throws HoldfastError ArchivingRefused
 */
export async function requireOneCluster(
  cluster: string,
  repository: BaseRepository,
  systemIdentifier: string,
): Promise<void> {
  const { bases } = await repository.list();
  const other = bases.find((base) => base.systemIdentifier !== systemIdentifier);
  if (!other) return;
  throw new HoldfastError('ArchivingRefused', {
    attempted: `look after the WAL of cluster "${cluster}"`,
    cause: `base backup ${other.id} is of the cluster with system identifier ${other.systemIdentifier}, the server's is ${systemIdentifier}: it was initialised anew, or upgraded by pg_upgrade`,
    remedy:
      'give the new cluster another name in holdfast.yaml (and so another archive), or move the folder incremental/ of the old one away',
  });
}
