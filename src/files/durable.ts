import { constants, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openFile } from './real-file.js';
import { errorCode, storing } from './storage-error.js';

/** Makes a file's data durable. */
export async function syncFile(path: string): Promise<void> {
  const handle = await openFile(path);
  try {
    await storing({ attempted: `make ${path} durable`, path }, () => handle.sync());
  } finally {
    await handle.close();
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await storing({ attempted: `make the names in ${path} durable`, path }, async () => {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      await handle.sync();
    } catch (error) {
      // A file system that has no fsync for folders says so; PostgreSQL's fsync_fname() goes on, too.
      if (!['EINVAL', 'EBADF'].includes(errorCode(error) ?? '')) throw error;
    } finally {
      await handle.close();
    }
  });
}

/** Gives a file its final name, in the same folder. Callers have seen that the name is free. */
export async function renameInto(path: string, finalPath: string): Promise<void> {
  const context = { attempted: `rename ${path} to ${finalPath}`, path: dirname(finalPath) };
  await storing(context, () => rename(path, finalPath));
}

/** The same for a file that another process may have renamed or removed meanwhile. False when one has. */
export async function renameIfThere(path: string, finalPath: string): Promise<boolean> {
  const context = { attempted: `rename ${path} to ${finalPath}`, path: dirname(finalPath) };
  return storing(context, () =>
    rename(path, finalPath).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === 'ENOENT') return false;
        throw error;
      },
    ),
  );
}
