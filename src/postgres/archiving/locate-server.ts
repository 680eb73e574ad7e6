import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import type { ServerAccount } from '../../domain/wal/archiving.js';
import { isSocket, resolveConnection, showConnection } from '../connection/resolve.js';
import { serverTellsNot, whyNotServersFile } from '../connection/server-file.js';

/**
 * Under which account the server runs, which must be on this machine: it is the owner of the data directory, or of the
 * socket where this role or user may not look at that.
 *
 * @throws HoldfastError `ArchivingRefused` for a server elsewhere
 */
export async function locateServer(client: pg.Client, settings: ConnectionSettings): Promise<ServerAccount> {
  const connection = resolveConnection(settings, 'postgres');
  const found = await dataDirectory(client);
  const path = typeof found === 'object' ? found.path : undefined;
  const folder = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path !== undefined && folder) {
    const flaw = await whyNotServersFile(client, path);
    if (flaw === undefined) return account(folder);
    throw elsewhere(showConnection(connection), flaw);
  }
  const socket = join(connection.hostaddr ?? connection.host, `.s.PGSQL.${connection.port}`);
  const owner = isSocket(connection) ? await stat(socket).catch(() => undefined) : undefined;
  if (owner) return account(owner);
  const why = typeof found === 'string' ? found : `its data directory ${path} is not on this machine`;
  throw elsewhere(showConnection(connection), why);
}

async function dataDirectory(client: pg.Client): Promise<{ path: string } | string> {
  try {
    const { rows } = await client.query<{ path: string }>(`SELECT current_setting('data_directory') AS path`);
    return { path: rows[0]?.path ?? '' };
  } catch (error) {
    return serverTellsNot(error);
  }
}

async function account({ uid, gid }: { uid: number; gid: number }): Promise<ServerAccount> {
  const id = async (...args: string[]) => (await execa('id', args, { reject: false })).stdout;
  const name = (await id('-un', String(uid))) || String(uid);
  return { uid, gid: Number(await id('-g', name)) || gid, name };
}

function elsewhere(server: string, cause: string): HoldfastError {
  return new HoldfastError('ArchivingRefused', {
    attempted: `set up archiving of the server at ${server}`,
    cause: `it is not known to run on this host: ${cause}`,
    remedy: 'run this where the server runs, connected as a superuser; elsewhere, stream its WAL instead',
  });
}
