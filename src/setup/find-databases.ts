import type { ConnectionSettings } from '../config/config.js';
import { withMaintenanceConnection } from '../postgres/connection/connection.js';
import { listSizedDatabases } from '../postgres/inspect/role.js';
import { inspectServer } from '../postgres/inspect/server.js';

/** A server that answers, and what there is to be backed up. */
export interface FoundServer {
  /** As `server_version` prints it. */
  version: string;
  databases: FoundDatabase[];
}

export interface FoundDatabase {
  name: string;
  /** Null where the role may not know. */
  sizeBytes: number | null;
}

/**
 * Connects, and lists the databases, the largest first.
 * @throws HoldfastError as `withMaintenanceConnection`
 */
export async function findDatabases(connection: ConnectionSettings): Promise<FoundServer> {
  return await withMaintenanceConnection(connection, async (client) => {
    const { version } = await inspectServer(client);
    const listed = await listSizedDatabases(client);
    const databases = listed.map(({ name, sizeBytes }) => ({ name, sizeBytes }));
    return { version, databases: databases.sort((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0)) };
  });
}
