import { constants } from 'node:fs';
import { lchown, open, readdir, readFile, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../files/durable.js';
import { errorCode, storing } from '../../files/storage-error.js';
import type { ServerAccount } from './server-account.js';
import { readTablespaceMap } from './tablespace-map.js';

const linksFolder = 'pg_tblspc';

/**
 * Makes the links of the base backup's tablespaces, as the server would by its `tablespace_map`, and keeps the server from
 * making others: WAL names the folder of a tablespace as it was on the server that was backed up, and replay would write
 * over the files of whatever cluster uses that folder now.
 */
export async function lockTablespaces(dataDir: string, account: ServerAccount | undefined): Promise<void> {
  const [links, map] = [join(dataDir, linksFolder), join(dataDir, 'tablespace_map')];
  await storing({ attempted: `make the links of tablespaces in ${links}`, path: links }, async () => {
    await setMode(links, 0o700);
    const text = await readFile(map, 'utf8').catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      return undefined;
    });
    if (text !== undefined) {
      for (const { oid, path } of readTablespaceMap(text)) {
        const link = join(links, String(oid));
        await rm(link, { force: true });
        await symlink(path, link);
        if (account) await lchown(link, account.uid, account.gid);
      }
      await syncFolder(links);
      await rename(map, `${map}.old`);
    }
    await setMode(links, 0o500);
  });
}

/** Lets the server, and whoever removes the data directory, change its links of tablespaces. */
export async function unlockTablespaces(dataDir: string): Promise<void> {
  const links = join(dataDir, linksFolder);
  await storing({ attempted: `give back ${links}`, path: links }, () => setMode(links, 0o700));
}

/** Of the folder itself, whatever link another account may have put there; nothing where there is none. */
async function setMode(folder: string, mode: number): Promise<void> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const handle = await open(folder, flags).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (!handle) return;
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

/**
 * Removes from a folder what a server has made in it before it was kept from making its link: the empty folder of its
 * version, which would keep others from making a tablespace there. What was there before `sinceMs` stays.
 */
export async function clearMadeFolder(location: string, sinceMs: number): Promise<void> {
  for (const name of await readdir(location).catch((): string[] => [])) {
    const path = join(location, name);
    const made = await stat(path).catch(() => undefined);
    if (/^PG_\d+_\d+$/.test(name) && made && made.birthtimeMs >= sinceMs) await rmdir(path).catch(() => {});
  }
}
