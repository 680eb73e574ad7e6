import { userInfo } from 'node:os';
import { execa } from 'execa';
import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import type { ServerAccount } from '../../domain/wal/archiving.js';
import { locateServer } from '../archiving/locate-server.js';

/**
 * Whom an archive that is made for a stream is to belong to: for root the account of a server of this machine, else
 * `postgres`, by which a recovery here would run and read it; anybody else can only keep it.
 */
export async function archiveAccount(
  client: pg.Client,
  settings: ConnectionSettings,
): Promise<ServerAccount> {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: ownName() };
  if (own.uid !== 0) return own;
  return (await locateServer(client, settings).catch(() => undefined)) ?? (await named('postgres')) ?? own;
}

async function named(name: string): Promise<ServerAccount | undefined> {
  const ids = await Promise.all(
    ['-u', '-g'].map((flag) => execa('id', [flag, '--', name], { reject: false })),
  );
  const [uid = 0, gid = 0] = ids.map(({ exitCode, stdout }) => (exitCode === 0 ? Number(stdout) : 0));
  return uid > 0 ? { uid, gid, name } : undefined;
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
