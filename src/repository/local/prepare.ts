import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readdir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { partialName } from '../../domain/backup/names.js';
import { syncFolder } from '../../files/durable.js';
import { isFolder, removeName } from '../../files/real-file.js';
import { errorCode, storing } from '../../files/storage-error.js';
import type { FreeSpace } from '../repository.js';
import { type Layout, partialPath } from './layout.js';

/** Makes the folders that are missing and proves that a file can be created and removed. */
export async function prepare(layout: Layout): Promise<void> {
  const attempted = `prepare repository ${layout.root}`;
  await storing({ attempted, path: layout.root }, async () => {
    if (await isFolder(layout.root)) await closeEmptyFolder(layout.root);
    else await makeFolder(layout.root);
    if (!(await isFolder(layout.full))) await makeFolder(layout.full);
  });
  await storing({ attempted, path: layout.full }, async () => {
    await closeFolder(layout.full);
    await proveWritable(layout);
  });
}

/** Free and total bytes of the file system under the repository. */
export async function freeSpace(layout: Layout): Promise<FreeSpace> {
  const context = { attempted: `read the free space of ${layout.root}`, path: layout.root };
  const { bavail, blocks, bsize } = await storing(context, () => statfs(layout.root));
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** A folder with those above it, each 0700 whatever the umask, each durable in its parent. */
export async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path);
  const parentThere = await stat(parent).then(
    () => true,
    () => false,
  );
  if (!parentThere && parent !== path) await makeFolder(parent);
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    // Another worker was faster.
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  await chmod(path, 0o700);
  await syncFolder(parent);
}

/** A root that was made for us is closed to others; one that holds other things (`/var/backups`) is left as it is. */
async function closeEmptyFolder(path: string): Promise<void> {
  if ((await readdir(path)).length === 0) await closeFolder(path);
}

/** Takes rights from others; gives none, also not to us: a folder made read-only was meant so. */
async function closeFolder(path: string): Promise<void> {
  const { mode, uid } = await stat(path);
  const isShared = (mode & 0o1000) !== 0;
  if (uid === process.getuid?.() && !isShared && (mode & 0o077) !== 0) await chmod(path, mode & 0o700);
}

async function proveWritable(layout: Layout): Promise<void> {
  const probe = partialPath(layout, partialName(`probe-${randomUUID()}`, 0, ''));
  const handle = await open(probe, 'wx', 0o600);
  await handle.close();
  await removeName(probe);
}
