import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';

/** Options for a child process that runs PostgreSQL: an unprivileged user when we are root, else nothing. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

let cached: ServerUser | undefined;

/** `postgres` refuses to run as root: the account `postgres`, else `nobody`, when we are root. */
export function serverUser(): ServerUser {
  cached ??=
    process.getuid?.() === 0 ? (account('postgres') ?? account('nobody') ?? { uid: 65534, gid: 65534 }) : {};
  return cached;
}

function account(name: string): ServerUser | undefined {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether the server's user can get at what lies in `folder` (any user may enter it and all its parents). */
export function isOpenToServer(folder: string): boolean {
  if (serverUser().uid === undefined) return true;
  for (let path = resolve(folder); ; path = dirname(path)) {
    if ((statSync(path).mode & 0o005) !== 0o005 && path === resolve(folder)) return false;
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** A folder for throw-away files that the server's user can enter, short enough to hold a socket's path. */
export function scratchRoot(): string {
  const folder = resolve(tmpdir());
  return folder.length <= 60 && isOpenToServer(folder) ? folder : '/tmp';
}
