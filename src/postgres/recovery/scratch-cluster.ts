import { chmod, chown, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { makeFolder } from '../../repository/local/prepare.js';
import { stopServer } from './postmaster.js';
import { unlockTablespaces } from './tablespace-links.js';

/** Says whose scratch folder it is. */
const markName = 'holdfast_drill';

const namePrefix = 'drill_';

/** A folder in which a cluster is recovered to prove that it can be, and which then goes. */
export interface ScratchCluster {
  /** Full path of the folder that holds all of it. */
  folder: string;
  /** Full path of the data directory, which does not exist yet. */
  dataDir: string;
}

/** Makes a scratch folder in `parent`, which is made where it is missing, for an account of the server's. */
export async function makeScratchCluster(
  parent: string,
  name: string,
  of: string,
  account: { uid: number; gid: number } | undefined,
): Promise<ScratchCluster> {
  const folder = join(parent, `${namePrefix}${name}`);
  return await storing({ attempted: `make ${folder}`, path: parent }, async () => {
    if (!(await isFolder(parent))) {
      await makeFolder(parent);
      // Another account's server has to pass through.
      await chmod(parent, 0o711);
    }
    await mkdir(folder, { mode: 0o700, recursive: true });
    await writeFile(join(folder, markName), of, { mode: 0o600 });
    if (account) await chown(folder, account.uid, account.gid);
    return { folder, dataDir: join(folder, 'data') };
  });
}

/** Full path of the folder of a tablespace in it. */
export function scratchTablespace({ folder }: ScratchCluster, oid: number): string {
  return join(folder, `tablespace_${oid}`);
}

/** Removes a scratch folder with all that is in it, its server stopped first. Nothing that is not `of`'s. */
export async function removeScratchCluster(folder: string, of: string): Promise<boolean> {
  return await storing({ attempted: `remove ${folder}`, path: folder }, async () => {
    const isReal = await lstat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isReal || (await readFile(join(folder, markName), 'utf8').catch(() => '')) !== of) return false;
    await stopServer(join(folder, 'data'));
    await unlockTablespaces(join(folder, 'data'));
    for (const name of await readdir(folder))
      if (name !== markName) await rm(join(folder, name), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
    return true;
  });
}

/** Removes every scratch folder of `of`'s in `parent`. Gives their full paths. */
export async function removeScratchClusters(parent: string, of: string): Promise<string[]> {
  const names = await readdir(parent).catch((): string[] => []);
  const removed: string[] = [];
  for (const name of names.filter((each) => each.startsWith(namePrefix)))
    if (await removeScratchCluster(join(parent, name), of)) removed.push(join(parent, name));
  return removed;
}
