import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import type { SlotFacts } from '../../domain/wal/replication-slot.js';
import { withMaintenanceConnection } from '../connection/connection.js';
import { endOrphanWalSenders } from '../dump/orphan-sessions.js';
import { readSlots } from './inspect-streaming.js';

/**
 * Makes the slot where there is none, or one that was lost. From then on the server keeps its WAL. Undefined where it
 * was there and is of use.
 */
export async function ensureSlot(client: pg.Client, name: string): Promise<'made' | 'remade' | undefined> {
  const [there] = await readSlots(client, name);
  if (there && there.walStatus !== 'lost') return undefined;
  if (there) await client.query('SELECT pg_drop_replication_slot($1)', [name]);
  // Reserved at once: otherwise the server begins to keep WAL only when somebody streams.
  await client.query('SELECT pg_create_physical_replication_slot($1, true)', [name]);
  return there ? 'remade' : 'made';
}

/** Removes the slot, and ends what still streams by it. Gives what it was; undefined where there was none. */
export async function dropSlot(
  settings: ConnectionSettings,
  name: string,
  runTag: string,
): Promise<SlotFacts | undefined> {
  await endOrphanWalSenders(settings, runTag);
  return withMaintenanceConnection(settings, async (client) => {
    const [there] = await readSlots(client, name);
    if (there) await client.query('SELECT pg_drop_replication_slot($1)', [name]);
    return there;
  });
}
