import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** An absolute path: `~/` is the user's own folder, which no shell puts in for a file's settings. */
export function resolvePath(path: string, folder: string): string;
export function resolvePath(path: string | undefined, folder: string): string | undefined;
export function resolvePath(path: string | undefined, folder: string): string | undefined {
  if (path === undefined) return undefined;
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(folder, path);
}
