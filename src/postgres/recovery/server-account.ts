import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { HoldfastError } from '../../domain/errors.js';

/** The account of the operating system that a server and its files belong to. */
export interface ServerAccount {
  uid: number;
  gid: number;
}

/**
 * Whom a recovered cluster is to belong to; undefined: us. PostgreSQL refuses to run as root, so for root it is the
 * account that is named, else who owns the data directory or the folder it is to be in, else `postgres`.
 * @throws HoldfastError `DataDirectoryRefused` where there is no such account
 */
export async function serverAccount(dataDir: string, name?: string): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (name !== undefined) return await requireAccount(dataDir, name);
  for (const path of [dataDir, dirname(dataDir)]) {
    const owner = await lstat(path).catch(() => undefined);
    if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  }
  return await requireAccount(dataDir, 'postgres');
}

async function requireAccount(dataDir: string, name: string): Promise<ServerAccount> {
  const numbers = await Promise.all(
    ['-u', '-g'].map((flag) => execa('id', [flag, '--', name], { reject: false })),
  );
  const [uid = Number.NaN, gid = Number.NaN] = numbers.map(({ stdout, exitCode }) =>
    exitCode === 0 ? Number(stdout) : Number.NaN,
  );
  if (uid > 0 && gid >= 0) return { uid, gid };
  throw new HoldfastError('DataDirectoryRefused', {
    attempted: `recover into ${dataDir}`,
    cause: `PostgreSQL can't run as root, and there is no other account ${JSON.stringify(name)}`,
    remedy: 'name the account that the cluster is to belong to, or make the folder as that account',
  });
}
