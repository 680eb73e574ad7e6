import { chmod, chown, mkdir, readdir, readlink, realpath, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { lstatIfThere } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { claimMark, emptyClaimed, isHalfUnpacked, runOfFolder } from './folder-mark.js';

/** What a folder is to a run: free, its own from an earlier attempt, or the data directory of a cluster. */
export type FolderState = 'missing' | 'empty' | 'ours' | 'cluster';

/** What every data directory has. */
const clusterNames = ['PG_VERSION', 'base', 'global'];

/**
 * Looks at a folder that is to be claimed, and touches nothing.
 * @throws HoldfastError `DataDirectoryRefused` for what is none, another run's, or holds anything but a cluster
 */
export async function lookAtFolder(attempted: string, path: string, runId = ''): Promise<FolderState> {
  if (!isAbsolute(path)) throw refused(attempted, path, 'it is no full path', 'give its full path');
  return await storing({ attempted, path }, async () => {
    const stats = await lstatIfThere(path);
    if (!stats && !(await lstatIfThere(dirname(path)))) throw nowhere(attempted, path);
    if (!stats) return 'missing';
    if (stats.isSymbolicLink()) {
      const real = await realpath(path).catch(() => readlink(path));
      throw refused(attempted, path, `it is no folder, but a link to ${real}`, `give ${real}`);
    }
    if (!stats.isDirectory()) throw refused(attempted, path, 'it is no folder', 'give a folder’s real path');
    return await stateOf(attempted, path, runId);
  });
}

async function stateOf(attempted: string, path: string, runId: string): Promise<FolderState> {
  const names = await readdir(path);
  if (names.length === 0) return 'empty';
  const owner = await runOfFolder(path, names);
  if (owner === runId) return 'ours';
  if (owner !== undefined) {
    const cause = `run ${owner} was interrupted while it unpacked or recovered a base backup there`;
    throw refused(attempted, path, cause, 'let that run go on, or remove what is in the folder');
  }
  if (clusterNames.every((name) => names.includes(name))) return 'cluster';
  throw notEmpty(attempted, path, names);
}

/**
 * Makes a folder, or takes one over that is empty, for one run alone: 0700, ours, with a mark. What an earlier attempt of
 * the run left half unpacked is removed.
 * @throws HoldfastError `DataDirectoryRefused` for what holds anything else, a cluster too
 */
export async function claimFolder(attempted: string, path: string, runId: string): Promise<void> {
  const state = await lookAtFolder(attempted, path, runId);
  await storing({ attempted, path }, async () => {
    if (state === 'missing') await mkdir(path, { mode: 0o700 });
    if (state === 'cluster') throw notEmpty(attempted, path, await readdir(path));
    const uid = process.getuid?.();
    if (uid !== undefined) await chown(path, uid, process.getgid?.() ?? uid);
    await chmod(path, 0o700);
    if (state === 'ours') await emptyClaimed(path, runId);
    // Once more: until now others could write there.
    const names = await readdir(path);
    if (names.length > 0) throw notEmpty(attempted, path, names);
    await writeFile(join(path, claimMark), runId, { flag: 'wx', mode: 0o600 });
  });
}

/** @throws HoldfastError `DataDirectoryRefused` for a folder in which a base backup is only half unpacked */
export async function requireWhole(attempted: string, dataDir: string): Promise<void> {
  const names = await storing({ attempted, path: dataDir }, () => readdir(dataDir));
  if (!isHalfUnpacked(names)) return;
  const cause = 'a base backup was unpacked into it only in part';
  throw refused(attempted, dataDir, cause, 'remove it, and unpack the base backup again');
}

/** Why a folder can't be recovered into. */
export function refused(attempted: string, path: string, cause: string, remedy: string): HoldfastError {
  return new HoldfastError('DataDirectoryRefused', { attempted, cause: `${path}: ${cause}`, remedy });
}

function nowhere(attempted: string, path: string): HoldfastError {
  return refused(attempted, path, 'the folder it is to be in does not exist', 'make that folder first');
}

function notEmpty(attempted: string, path: string, names: readonly string[]): HoldfastError {
  const cause = `it is not empty: it holds ${names.length} names, such as ${JSON.stringify(names[0])}`;
  return refused(attempted, path, cause, 'give a folder that is empty or does not exist');
}
