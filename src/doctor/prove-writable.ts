import { randomUUID } from 'node:crypto';
import { access, constants, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { partialPrefix } from '../domain/backup/names.js';
import { removeName } from '../files/real-file.js';
import { storing } from '../files/storage-error.js';

/**
 * Proves that a folder can be written, by a file that is removed at once; where there is no such folder, that it could
 * be made: nothing is made for it. Gives whether the folder is there.
 * @param setting variable that says where the folder lies
 * @throws HoldfastError RepositoryNotWritable, NotEnoughSpace, StorageFailed
 */
export async function proveWritable(path: string, setting = 'BACKUP_DIR'): Promise<boolean> {
  return await storing({ attempted: `write to ${path}`, path, setting }, async () => {
    if (await exists(path)) {
      const probe = join(path, `${partialPrefix}probe-${randomUUID()}`);
      await (await open(probe, 'wx', 0o600)).close();
      await removeName(probe);
      return true;
    }
    await access(await nearestFolder(dirname(path)), constants.W_OK | constants.X_OK);
    return false;
  });
}

async function nearestFolder(path: string): Promise<string> {
  return (await exists(path)) || path === dirname(path) ? path : await nearestFolder(dirname(path));
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
