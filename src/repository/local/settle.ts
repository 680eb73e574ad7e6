import { basename } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { renameInto, syncFile } from '../../files/durable.js';
import { hashFile } from '../../files/hash-file.js';
import { removeName, statFile } from '../../files/real-file.js';
import { failpoint } from '../failpoint.js';
import type { Move } from './placement.js';

/** What the file must hold to get its name. */
export interface Expected {
  sizeBytes?: number;
  checksum: string;
}

/**
 * Makes a partial file durable and gives it its name. A file that has the name already is left when it has the
 * expected bytes (an earlier attempt died right after), and is never overwritten.
 */
export async function settle({ partialPath, finalPath }: Move, expected: Expected): Promise<void> {
  const partial = await statFile(partialPath);
  if (await statFile(finalPath)) {
    if ((await hashFile(finalPath)).checksum !== expected.checksum)
      throw artifactExists(finalPath, 'with other bytes');
    await removeName(partialPath);
    return;
  }
  if (!partial) throw partialGone(partialPath);
  if (expected.sizeBytes !== undefined && partial.size !== expected.sizeBytes) {
    throw new HoldfastError('VerificationFailed', {
      attempted: `publish ${basename(finalPath)}`,
      cause: `${partialPath} has ${partial.size} bytes, ${expected.sizeBytes} were verified`,
      remedy: 'back up again, and find out what wrote to that file',
    });
  }
  await syncFile(partialPath);
  failpoint('publish:after-sync');
  await renameInto(partialPath, finalPath);
  failpoint('publish:after-rename');
}

/** SHA-256 of the file, under whichever of its two names it has. */
export async function checksumOfMove({ partialPath, finalPath }: Move): Promise<string> {
  if (await statFile(partialPath)) return (await hashFile(partialPath)).checksum;
  if (await statFile(finalPath)) return (await hashFile(finalPath)).checksum;
  throw partialGone(partialPath);
}

export function artifactExists(path: string, how: string): HoldfastError {
  return new HoldfastError('ArtifactExists', {
    attempted: `publish ${basename(path)}`,
    cause: `${path} exists ${how}, and no backup is ever overwritten`,
    remedy: 'back up again: the next backup has a time of its own',
  });
}

function partialGone(path: string): HoldfastError {
  return new HoldfastError('StorageFailed', {
    attempted: `publish ${path}`,
    cause: 'it is gone, and must be written anew',
    remedy: 'back up again',
  });
}
