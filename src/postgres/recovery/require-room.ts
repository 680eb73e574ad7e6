import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { formatBytes } from '../../domain/sizes.js';
import { lstatIfThere } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';

/** Room for a base backup where it is to be unpacked. WAL comes on top. */
export interface RecoveryRoom {
  neededBytes: number;
  freeBytes: number;
  /** The folder that was looked at: the one it is unpacked in, or where that is to be made. */
  folder: string;
}

/** Looks for room in the file system of a data directory. */
export async function lookForRoom(
  attempted: string,
  dataDir: string,
  neededBytes: number,
): Promise<RecoveryRoom> {
  // It may be an empty mount point.
  const folder = (await lstatIfThere(dataDir)) ? dataDir : dirname(dataDir);
  const { bavail, bsize } = await storing({ attempted, path: folder }, () => statfs(folder));
  return { neededBytes, freeBytes: bavail * bsize, folder };
}

/** What keeps a base backup from being unpacked there; undefined where there is room. */
export function whyNoRoom({ neededBytes, freeBytes, folder }: RecoveryRoom): string | undefined {
  if (freeBytes >= neededBytes) return undefined;
  return `the base backup unpacks to ${formatBytes(neededBytes)} (${neededBytes} bytes), and ${formatBytes(freeBytes)} (${freeBytes} bytes) are free in ${folder}`;
}

/**
 * Refuses a base backup that has no room where it is to be unpacked, before hours of unpacking.
 * @throws HoldfastError `NotEnoughSpace`
 */
export async function requireRoom(attempted: string, dataDir: string, neededBytes: number): Promise<void> {
  const cause = whyNoRoom(await lookForRoom(attempted, dataDir, neededBytes));
  if (cause === undefined) return;
  const remedy = 'free space there, or recover into a folder on a larger disk';
  throw new HoldfastError('NotEnoughSpace', { attempted, cause, remedy });
}
