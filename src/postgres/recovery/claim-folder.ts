import { chmod, chown, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { errorCode, storing } from '../../repository/local/storage-error.js';

/** Says in a folder that a base backup is being unpacked into it, and by which run. */
const markName = 'holdfast_unpacking';

/**
 * Makes a folder, or takes one over that is empty, for one run alone: 0700, ours, with a mark. What an earlier attempt of
 * the run left half unpacked is removed.
 * @throws HoldfastError `DataDirectoryRefused` for what holds anything else
 */
export async function claimFolder(attempted: string, path: string, runId: string): Promise<void> {
  if (!isAbsolute(path)) throw refused(attempted, path, 'it is no full path', 'give its full path');
  await storing({ attempted, path }, async () => {
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT')
        throw refused(attempted, path, 'the folder it is to be in does not exist', 'make that folder first');
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    const stats = await lstat(path);
    if (!stats.isDirectory()) throw refused(attempted, path, 'it is no folder', 'give a folder’s real path');
    await takeOver(attempted, path, runId);
  });
}

/**
 * Refuses a folder that could not be claimed, before anything is done for it.
 * @throws HoldfastError `DataDirectoryRefused`
 */
export async function requireFree(attempted: string, path: string): Promise<void> {
  if (!isAbsolute(path)) throw refused(attempted, path, 'it is no full path', 'give its full path');
  const stats = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats && !stats.isDirectory())
    throw refused(attempted, path, 'it is no folder', 'give a folder’s real path');
  if (stats) await requireOurs(attempted, path, '');
}

/** Whether a base backup was unpacked there whole. */
export async function isUnpacked(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.includes('backup_label') && !names.includes(markName);
}

/** Looks before it touches: what is not ours keeps its owner and its rights. */
async function takeOver(attempted: string, path: string, runId: string): Promise<void> {
  const owner = await requireOurs(attempted, path, runId);
  const uid = process.getuid?.();
  if (uid !== undefined) await chown(path, uid, process.getgid?.() ?? uid);
  await chmod(path, 0o700);
  if (owner === runId) await emptyClaimed(path, runId);
  else await requireOurs(attempted, path, runId);
  await writeFile(join(path, markName), runId, { flag: 'wx', mode: 0o600 });
}

/** The run that claimed the folder, which can only be this one. */
async function requireOurs(attempted: string, path: string, runId: string): Promise<string | undefined> {
  const names = await readdir(path);
  const owner = names.includes(markName) ? await readFile(join(path, markName), 'utf8') : undefined;
  if (owner === runId || names.length === 0) return owner;
  if (owner !== undefined) {
    const cause = `run ${owner} was interrupted while it unpacked a base backup there`;
    throw refused(attempted, path, cause, 'let that run go on, or remove what is in the folder');
  }
  const cause = `it is not empty: it holds ${names.length} names, such as ${JSON.stringify(names[0])}`;
  throw refused(attempted, path, cause, 'give a folder that is empty or does not exist');
}

/** Removes what the run left in a folder it claimed, the mark last; nothing in any other. */
export async function emptyClaimed(path: string, runId: string): Promise<void> {
  await storing({ attempted: `empty ${path}`, path }, async () => {
    const names = await readdir(path);
    if (!names.includes(markName) || (await readFile(join(path, markName), 'utf8')) !== runId) return;
    for (const name of [...names.filter((each) => each !== markName), markName])
      await rm(join(path, name), { recursive: true });
  });
}

/**
 * Removes a cluster that this run has unpacked and that could not be recovered; nothing of a folder that holds none, or
 * one that went on since.
 */
export async function removeUnrecovered(path: string): Promise<void> {
  const names = await readdir(path).catch((): string[] => []);
  const isRecovering = names.includes('recovery.signal') || names.includes('backup_label');
  if (!isRecovering || !names.includes('PG_VERSION')) return;
  await storing({ attempted: `empty ${path}`, path }, async () => {
    for (const name of names) await rm(join(path, name), { recursive: true, force: true });
  });
}

/** Takes the mark away: what is in the folder is whole. */
export async function releaseFolder(path: string): Promise<void> {
  await storing({ attempted: `finish ${path}`, path }, () => rm(join(path, markName)));
}

/** @throws HoldfastError `DataDirectoryRefused` for a folder in which a base backup is only half unpacked */
export async function requireWhole(attempted: string, dataDir: string): Promise<void> {
  const names = await storing({ attempted, path: dataDir }, () => readdir(dataDir));
  if (!names.includes(markName)) return;
  const cause = 'a base backup was unpacked into it only in part';
  throw refused(attempted, dataDir, cause, 'remove it, and unpack the base backup again');
}

function refused(attempted: string, path: string, cause: string, remedy: string): HoldfastError {
  return new HoldfastError('DataDirectoryRefused', { attempted, cause: `${path}: ${cause}`, remedy });
}
