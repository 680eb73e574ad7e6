import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import { withMaintenanceConnection } from '../connection.js';
import { reportedError } from '../connection-error.js';

/** Free bytes where a tablespace lies, or why they are not known. */
export type ServerSpace = { freeBytes: number; path: string } | { unknownBecause: string };

/**
 * What is free on the server's disk for a new database in that tablespace. It can be known only of a server on this
 * machine: its folder here must be the very one that the server sees, told by the times of its last changes.
 * @throws HoldfastError as `withMaintenanceConnection`
 */
export async function readServerSpace(
  settings: ConnectionSettings,
  tablespace: string,
): Promise<ServerSpace> {
  const folder = await withMaintenanceConnection(settings, (client) => readFolder(client, tablespace));
  if (typeof folder === 'string') return { unknownBecause: folder };
  const here = await stat(folder.path).catch(() => undefined);
  const isSame = secondsOf(here?.mtimeMs) === folder.modified && secondsOf(here?.ctimeMs) === folder.changed;
  if (!isSame) return { unknownBecause: 'the server’s disk is not this machine’s' };
  const place = await statfs(join(folder.path, 'base')).catch(() => statfs(folder.path));
  return { freeBytes: place.bavail * place.bsize, path: folder.path };
}

interface Folder {
  path: string;
  /** Seconds since 1970. */
  modified: number;
  changed: number;
}

/** The tablespace's folder as the server sees it; the default one's where there is none of that name. */
async function readFolder(client: pg.Client, tablespace: string): Promise<Folder | string> {
  try {
    const { rows } = await client.query<Folder>(
      `SELECT path, floor(extract(epoch FROM f.modification))::float8 AS modified,
              floor(extract(epoch FROM f.change))::float8 AS changed
       FROM (SELECT coalesce(
               (SELECT nullif(pg_tablespace_location(oid), '') FROM pg_tablespace WHERE spcname = $1),
               current_setting('data_directory')) AS path) p
       CROSS JOIN LATERAL pg_stat_file(path) f`,
      [tablespace],
    );
    return rows[0] ?? 'the server does not tell where its files are';
  } catch (error) {
    const { code, words } = reportedError(error);
    if (!/^(42501|58...)$/.test(code)) throw error;
    return `the server does not tell where its files are: ${words}`;
  }
}

function secondsOf(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000);
}
