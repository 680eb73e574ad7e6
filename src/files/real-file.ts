import type { Stats } from 'node:fs';
import { constants, type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { HoldfastError } from '../domain/errors.js';
import { errorCode, storing, symbolicLinkRefused } from './storage-error.js';

/** The file at `path`; undefined when there is none. Throws SymbolicLinkRefused, or PathRefused for anything but a file. */
export async function statFile(path: string): Promise<Stats | undefined> {
  const stats = await lstatOrAbsent(path);
  if (stats !== undefined) requireRegular(stats, path);
  return stats;
}

/** Opens a file for reading, never through a symbolic link and never a pipe that would make us wait. */
export async function openFile(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await storing({ attempted: `open ${path}`, path }, () => open(path, flags));
  try {
    requireRegular(await handle.stat(), path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The text of a small file. */
export async function readText(path: string): Promise<string> {
  const handle = await openFile(path);
  try {
    return await storing({ attempted: `read ${path}`, path }, () => handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

/** For an error of reading a file that others may remove: undefined where they have, else it is thrown again. */
export async function undefinedWhenGone(path: string, error: unknown): Promise<undefined> {
  if (await statFile(path)) throw error;
}

/** Whether there is a folder at `path`. Throws SymbolicLinkRefused, or RepositoryNotWritable for anything else. */
export async function isFolder(path: string): Promise<boolean> {
  const stats = await lstatOrAbsent(path);
  if (stats?.isSymbolicLink()) throw symbolicLinkRefused(`use folder ${path}`, path);
  if (stats && !stats.isDirectory()) {
    throw new HoldfastError('RepositoryNotWritable', {
      attempted: `use folder ${path}`,
      cause: 'there is something that is no folder',
      remedy: 'move it away, or set BACKUP_DIR to another folder',
    });
  }
  return stats !== undefined;
}

/** Throws RepositoryNotWritable when there is no folder at `path`. */
export async function requireFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  throw new HoldfastError('RepositoryNotWritable', {
    attempted: `use folder ${path}`,
    cause: 'it does not exist',
    remedy: 'check BACKUP_DIR, and that its disk is mounted',
  });
}

/** Removes a name; a symbolic link itself, never what it leads to. False when there was none. */
export async function removeName(path: string): Promise<boolean> {
  return storing({ attempted: `remove ${path}`, path }, () =>
    unlink(path).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === 'ENOENT') return false;
        throw error;
      },
    ),
  );
}

/** What stands at `path`, links not followed; undefined for nothing, which `absence` tells by a system call's errors. */
export async function lstatIfThere(
  path: string,
  absence: readonly string[] = ['ENOENT'],
): Promise<Stats | undefined> {
  return storing({ attempted: `look at ${path}`, path }, () =>
    lstat(path).catch((error: unknown) => {
      if (absence.includes(errorCode(error) ?? '')) return undefined;
      throw error;
    }),
  );
}

/** For a path that may be anybody's words: one that no file can have is that of none. */
function lstatOrAbsent(path: string): Promise<Stats | undefined> {
  return lstatIfThere(path, ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
}

function requireRegular(stats: Stats, path: string): void {
  if (stats.isSymbolicLink()) throw symbolicLinkRefused(`use file ${path}`, path);
  if (stats.isFile()) return;
  throw new HoldfastError('PathRefused', { attempted: `use file ${path}`, cause: 'it is no regular file' });
}
