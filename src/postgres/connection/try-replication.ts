import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { closeSession, openSession } from './open-session.js';
import { replicationConnection } from './resolve.js';

/** Why no replication connection can be opened, in the server's words; null where one can. */
export async function tryReplication(settings: ConnectionSettings): Promise<string | null> {
  try {
    const client = await openSession(replicationConnection(settings), { replication: true });
    await closeSession(client);
    return null;
  } catch (error) {
    if (error instanceof HoldfastError) return error.story.cause;
    throw error;
  }
}
