import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { formatBytes } from '../../domain/sizes.js';
import { storing } from '../../repository/local/storage-error.js';
import { lstatIfThere } from './claim-folder.js';

/**
 * Refuses a base backup that has no room where it is to be unpacked, before hours of unpacking. WAL comes on top.
 * @throws HoldfastError `NotEnoughSpace`
 */
export async function requireRoom(attempted: string, dataDir: string, neededBytes: number): Promise<void> {
  // It may be an empty mount point.
  const folder = (await lstatIfThere(dataDir)) ? dataDir : dirname(dataDir);
  const { bavail, bsize } = await storing({ attempted, path: folder }, () => statfs(folder));
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new HoldfastError('NotEnoughSpace', {
    attempted,
    cause: `the base backup unpacks to ${formatBytes(neededBytes)} (${neededBytes} bytes), and ${formatBytes(freeBytes)} (${freeBytes} bytes) are free in ${folder}`,
    remedy: 'free space there, or recover into a folder on a larger disk',
  });
}
