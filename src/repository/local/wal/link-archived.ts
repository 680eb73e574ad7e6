import { chmod, chown, link } from 'node:fs/promises';
import { errorCode, storing } from '../../../files/storage-error.js';

/**
 * Gives a file to an owner. Where only root can give it away, the server, to which the folder belongs, reads it as any
 * other may.
 */
export async function ownLike(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const isGiven = await chown(path, uid, gid).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) !== 'EPERM') throw error;
      return false;
    },
  );
  await chmod(path, isGiven ? 0o640 : 0o644);
}

/** Gives a file one more name. False when something has that name already. */
export async function linkUnlessThere(path: string, final: string): Promise<boolean> {
  return storing({ attempted: `publish ${final}`, path: final }, () =>
    link(path, final).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === 'EEXIST') return false;
        throw error;
      },
    ),
  );
}
