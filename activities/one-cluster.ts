import { HoldfastError } from '../src/domain/errors.js';
import { otherCluster } from '../src/domain/wal/other-cluster.js';
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
  const other = otherCluster(bases, systemIdentifier);
  if (other)
    throw new HoldfastError('ArchivingRefused', {
      attempted: `look after the WAL of cluster "${cluster}"`,
      ...other,
    });
}
