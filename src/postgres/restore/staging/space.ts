import type { ConnectionSettings } from '../../../config/config.js';
import type { StoredMetadata } from '../../../domain/backup/metadata.js';
import { HoldfastError } from '../../../domain/errors.js';
import type { RestoreSpace } from '../../../domain/restore/space.js';
import { formatBytes } from '../../../domain/sizes.js';
import { readServerSpace } from './server-space.js';

/**
 * Room for the backup's database on the server, judged from the size that it had.
 * @throws HoldfastError as `withMaintenanceConnection`
 */
export async function readRestoreSpace(
  settings: ConnectionSettings,
  metadata: StoredMetadata | null,
): Promise<RestoreSpace> {
  const stored = metadata?.format_version === 1 ? metadata : undefined;
  const space = await readServerSpace(settings, stored?.properties.tablespace ?? 'pg_default');
  const neededBytes = stored
    ? Math.max(stored.database_size_bytes_before, stored.database_size_bytes_after)
    : null;
  const freeBytes = 'freeBytes' in space ? space.freeBytes : null;
  const noSize = stored ? null : 'the backup’s metadata does not tell how large its database was';
  return { neededBytes, freeBytes, unknownBecause: 'freeBytes' in space ? noSize : space.unknownBecause };
}

/** The error for a server whose disk has not the room. */
export function tooLittleSpace(attempted: string, { neededBytes, freeBytes }: RestoreSpace): HoldfastError {
  const [needed, free] = [neededBytes ?? 0, freeBytes ?? 0].map(
    (bytes) => `${formatBytes(bytes)} (${bytes} bytes)`,
  );
  return new HoldfastError('NotEnoughSpace', {
    attempted,
    cause: `judged from the backup’s database it needs ${needed} on the server’s disk, and ${free} are free`,
    remedy: 'free space on the server’s disk, or restore to another server',
  });
}
