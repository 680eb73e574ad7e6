import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { withConnection } from '../../connection/connection.js';
import { quoteIdentifier } from '../../quote.js';

/**
 * Removes the subscriptions of a database that is about to be dropped: PostgreSQL drops none that has one. Only
 * disabled ones, as a dump makes them and as a swap asks for. They are parted from their slot first, so that no
 * publisher is asked, and none loses a slot that serves another database. What can't be removed, the DROP tells.
 * @param client in another database
 * @throws HoldfastError as `withConnection`
 */
export async function dropSubscriptions(
  client: pg.Client,
  settings: ConnectionSettings,
  { name, oid }: { name: string; oid: number },
): Promise<void> {
  const { rows } = await client.query<{ name: string; isEnabled: boolean }>(
    'SELECT subname AS name, subenabled AS "isEnabled" FROM pg_subscription WHERE subdbid = $1',
    [oid],
  );
  if (rows.length === 0 || rows.some(({ isEnabled }) => isEnabled)) return;
  await whileOpen(client, { name, oid }, () =>
    withConnection(
      settings,
      name,
      async (inside) => {
        for (const subscription of rows) await dropOne(inside, quoteIdentifier(subscription.name));
      },
      { writes: true },
    ),
  );
}

async function dropOne(client: pg.Client, name: string): Promise<void> {
  const sql = `ALTER SUBSCRIPTION ${name} SET (slot_name = NONE); DROP SUBSCRIPTION ${name}`;
  // 42501: not its owner. The DROP DATABASE that follows tells that there is a subscription.
  await client.query(sql).catch((error: unknown) => {
    if ((error as pg.DatabaseError).code !== '42501') throw error;
  });
}

/** Lets superusers in to a database that is closed, as the sealed and the replaced ones are, and closes it again. */
async function whileOpen(
  client: pg.Client,
  { name, oid }: { name: string; oid: number },
  use: () => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ isOpen: boolean; limit: number; isSuperuser: boolean }>(
    `SELECT datallowconn AS "isOpen", datconnlimit AS limit,
            (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS "isSuperuser"
     FROM pg_database WHERE oid = $1`,
    [oid],
  );
  const [before] = rows;
  if (!before || before.isOpen) return await use();
  // Nobody but superusers could be let in alone.
  if (!before.isSuperuser) return;
  const database = `ALTER DATABASE ${quoteIdentifier(name)}`;
  await client.query(`${database} ALLOW_CONNECTIONS true CONNECTION LIMIT 0`);
  try {
    await use();
  } finally {
    await client.query(`${database} ALLOW_CONNECTIONS false CONNECTION LIMIT ${before.limit}`);
  }
}
