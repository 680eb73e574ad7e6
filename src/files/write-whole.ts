import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { partialName } from '../domain/backup/names.js';
import { HoldfastError } from '../domain/errors.js';
import { renameInto, syncFolder } from './durable.js';
import { removeName } from './real-file.js';
import { storing } from './storage-error.js';

/** Writes a small file beside, makes it durable, and gives it its name, in the place of what had it. */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const partial = join(folder, partialName(`whole-${randomUUID()}`, 0, ''));
  try {
    const context = { attempted: `write ${path}`, path: partial, neededBytes: Buffer.byteLength(text) };
    await storing(context, async () => {
      const handle = await open(partial, 'wx', mode);
      try {
        await handle.writeFile(text);
        // The umask may have taken too much.
        await handle.chmod(mode);
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
    await renameInto(partial, path);
  } finally {
    await removeName(partial);
  }
  await syncFolder(folder);
}

/** The same of what can be done without on a disk that is full, which is to be judged as that. @returns whether it is written */
export async function writeWholeIfRoom(path: string, text: string): Promise<boolean> {
  try {
    await writeWhole(path, text);
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && error.type === 'NotEnoughSpace') return false;
    throw error;
  }
}
