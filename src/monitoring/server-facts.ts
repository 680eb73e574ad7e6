import type { ConnectionSettings } from '../config/config.js';
import { HoldfastError } from '../domain/errors.js';
import type { ArchivingFacts } from '../domain/wal/archiving.js';
import { inspectArchiving } from '../postgres/archiving/inspect-archiving.js';
import { listDatabases, withMaintenanceConnection } from '../postgres/connection/connection.js';

export interface ServerSight {
  /** Null where the server did not tell. */
  databases: string[] | null;
  archiving: ArchivingFacts | null;
  /** Empty where it told all. */
  unknownBecause: string;
}

export const notAsked: ServerSight = { databases: null, archiving: null, unknownBecause: '' };

/** What the server says of itself. One that can't be reached is no error here: its backups are what is watched. */
export async function askServer(connection: ConnectionSettings, signal: AbortSignal): Promise<ServerSight> {
  const sight = { ...notAsked };
  try {
    sight.databases = await listDatabases(connection, { signal });
    sight.archiving = await withMaintenanceConnection(connection, inspectArchiving, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    sight.unknownBecause = error instanceof HoldfastError ? error.message : String(error);
  }
  return sight;
}
