import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { withMaintenanceConnection } from '../../connection/connection.js';
import { serverTellsNot, whyNotServersFile } from '../../connection/server-file.js';

/** Free bytes where a tablespace lies, or why they are not known. */
export type ServerSpace = { freeBytes: number; path: string } | { unknownBecause: string };

/**
 * What is free on the server's disk for a new database in that tablespace. It can be known only of a server on this
 * machine: its folder here must be the very one that the server sees.
 * @throws HoldfastError as `withMaintenanceConnection`
 */
export async function readServerSpace(
  settings: ConnectionSettings,
  tablespace: string,
): Promise<ServerSpace> {
  const found = await withMaintenanceConnection(settings, (client) => findFolder(client, tablespace));
  if ('unknownBecause' in found) return found;
  const place = await statfs(join(found.path, 'base')).catch(() => statfs(found.path));
  return { freeBytes: place.bavail * place.bsize, path: found.path };
}

/**
 * The tablespace's folder, which is the default one's where there is none of that name. A role that may not look at it
 * is told so, rather than that it may not read a setting.
 */
async function findFolder(
  client: pg.Client,
  tablespace: string,
): Promise<{ path: string } | { unknownBecause: string }> {
  try {
    const { rows } = await client.query<{ path: string }>(
      `SELECT path
       FROM (SELECT coalesce(
               (SELECT nullif(pg_tablespace_location(oid), '') FROM pg_tablespace WHERE spcname = $1),
               current_setting('data_directory')) AS path) p
       CROSS JOIN LATERAL pg_stat_file(path)`,
      [tablespace],
    );
    const path = rows[0]?.path ?? '';
    const unknownBecause = await whyNotServersFile(client, path);
    return unknownBecause === undefined ? { path } : { unknownBecause };
  } catch (error) {
    return { unknownBecause: serverTellsNot(error) };
  }
}
