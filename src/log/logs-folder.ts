import { chmodSync, constants, fchmodSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../domain/errors.js';

/** Where a repository's logs are. */
export function logsPath(repositoryPath: string): string {
  return join(repositoryPath, 'logs');
}

/** The repository's `logs/`, made with mode 0700 where it is not there yet. */
export function makeLogsFolder(repositoryPath: string): string {
  const folder = logsPath(repositoryPath);
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseLink(folder);
  // Not by descriptor: under a umask that takes everything its own maker could not open it.
  if (made) chmodSync(folder, 0o700);
  return folder;
}

/** Opens without following a link and sets the mode, whatever the umask. */
export function openPrivate(path: string, flags: number, mode: number): number {
  const descriptor = openSync(path, flags | constants.O_NOFOLLOW, mode);
  fchmodSync(descriptor, mode);
  return descriptor;
}

/** @throws HoldfastError `SymbolicLinkRefused` */
export function refuseLink(path: string): void {
  if (lstatSync(path).isSymbolicLink()) throw linkRefused(path);
}

export function linkRefused(path: string): HoldfastError {
  return new HoldfastError('SymbolicLinkRefused', {
    attempted: `keep logs in ${path}`,
    cause: 'it is a symbolic link, and none is followed on write or delete',
    remedy: `put a folder or file of its own in the place of ${path}`,
  });
}

export function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
