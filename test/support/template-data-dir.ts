import { createHash } from 'node:crypto';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../../src/config/directories.js';
import { obtainOnce } from '../../src/temporal/embedded/cache.js';
import { scratchRoot, serverUser } from './server-user.js';

const common = ['--no-sync', '--auth=trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8'];

/** A data directory fresh from `initdb`, made once for each release and set of arguments, to be copied. */
export async function templateDataDir(binDir: string, initdbArgs: string[]): Promise<string> {
  const args = [...common, ...initdbArgs];
  const { stdout: version } = await execa(join(binDir, 'initdb'), ['--version']);
  const identity = [version, binDir, serverUser().uid, ...args].join('\n');
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  return await obtainOnce(join(cacheDirectory(), `data-directory-${key}`), (folder) =>
    initialise(binDir, args, folder),
  );
}

/** The server's user may not be allowed into the cache: it works elsewhere, and we copy. */
async function initialise(binDir: string, args: string[], folder: string): Promise<void> {
  const work = await mkdtemp(join(scratchRoot(), 'hf-initdb-'));
  try {
    await giveToServer(work);
    await execa(join(binDir, 'initdb'), ['-D', join(work, 'data'), ...args], { ...serverUser(), cwd: '/' });
    await execa('cp', ['-a', join(work, 'data'), folder]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Makes the server's user the owner of these, when it isn't us. */
export async function giveToServer(...paths: string[]): Promise<void> {
  const { uid, gid } = serverUser();
  if (uid === undefined || gid === undefined) return;
  for (const path of paths) await chown(path, uid, gid);
}
