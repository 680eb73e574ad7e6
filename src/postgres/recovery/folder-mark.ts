import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storing } from '../../files/storage-error.js';
import { unlockTablespaces } from './tablespace-links.js';

/** Files that say whose a folder is: of the run that unpacks a base backup into it, and then recovers it. */
const unpackingMark = 'holdfast_unpacking';
const recoveringMark = 'holdfast_recovering';

/** Name of the file that a run puts into a folder it claims. */
export const claimMark = unpackingMark;

/** The run whose folder it is; undefined where no run has claimed it, or one has finished. */
export async function runOfFolder(path: string, names: readonly string[]): Promise<string | undefined> {
  const mark = [unpackingMark, recoveringMark].find((name) => names.includes(name));
  return mark === undefined ? undefined : await readFile(join(path, mark), 'utf8');
}

/** Whether a base backup was unpacked there whole, by a run that is to recover it. */
export async function isUnpacked(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.includes('backup_label') && !names.includes(unpackingMark);
}

/** Whether a base backup was unpacked there only in part. */
export function isHalfUnpacked(names: readonly string[]): boolean {
  return names.includes(unpackingMark);
}

/** Says that what is in the folder is whole; it is the run's until {@link unmark}. */
export async function markUnpacked(path: string): Promise<void> {
  const context = { attempted: `finish unpacking into ${path}`, path };
  await storing(context, () => rename(join(path, unpackingMark), join(path, recoveringMark)));
}

/** Ends the claim of a run that has finished: from here on nothing of Holdfast's removes what is in the folder. */
export async function unmark(path: string): Promise<void> {
  await storing({ attempted: `finish ${path}`, path }, () => rm(join(path, recoveringMark), { force: true }));
}

/** Removes all that is in a folder which that run claimed, its mark last; nothing in any other. Whether it did. */
export async function emptyClaimed(path: string, runId: string): Promise<boolean> {
  return await storing({ attempted: `empty ${path}`, path }, async () => {
    const names = await readdir(path).catch((): string[] => []);
    if ((await runOfFolder(path, names)) !== runId) return false;
    await unlockTablespaces(path);
    const isMark = (name: string) => name === unpackingMark || name === recoveringMark;
    for (const name of [...names.filter((each) => !isMark(each)), ...names.filter(isMark)])
      await rm(join(path, name), { recursive: true, force: true });
    return true;
  });
}

/** Whether that run has claimed the folder, and not finished. */
export async function isClaimedBy(path: string, runId: string): Promise<boolean> {
  return (await runOfFolder(path, await readdir(path).catch((): string[] => []))) === runId;
}
