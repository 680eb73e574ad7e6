import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { isMarkOf, type MarkKind } from '../../../domain/restore/database-mark.js';
import { reportedError } from '../../connection/error.js';
import { quoteIdentifier, showName } from '../../quote.js';
import { dropSubscriptions } from './drop-subscriptions.js';
import { withNeighbour } from './neighbour.js';

export interface DropOrder {
  name: string;
  oid: number;
  /** The mark it must carry, and of which target. */
  mark: MarkKind;
  target: string;
}

/**
 * Drops a database that Holdfast made or put aside, with the sessions in it. One that is gone already counts as
 * dropped.
 * @returns whether it was there
 * @throws HoldfastError DropRefused when it is not the database that was meant, or has no mark of Holdfast's;
 * DatabaseInUse; and as `withConnection`
 */
export async function dropMarkedDatabase(settings: ConnectionSettings, order: DropOrder): Promise<boolean> {
  return await withNeighbour(settings, [order.name], (client) => drop(client, settings, order));
}

async function drop(client: pg.Client, settings: ConnectionSettings, order: DropOrder): Promise<boolean> {
  const { rows } = await client.query<{
    oid: number;
    name: string;
    comment: string | null;
    isTemplate: boolean;
  }>(
    `SELECT oid, datname AS name, shobj_description(oid, 'pg_database') AS comment, datistemplate AS "isTemplate"
     FROM pg_database WHERE oid = $1 OR datname = $2`,
    [order.oid, order.name],
  );
  const found = rows.find((row) => row.oid === order.oid);
  if (!found && rows.length > 0) throw refused(order, 'a database of that name came after it');
  if (!found) return false;
  if (found.name !== order.name) throw refused(order, `it is now named ${showName(found.name)}`);
  if (!isMarkOf(found.comment, order.mark, order.target))
    throw refused(order, `its comment has not Holdfast’s mark of a ${order.mark} database`);
  const name = quoteIdentifier(order.name);
  if (found.isTemplate) await client.query(`ALTER DATABASE ${name} IS_TEMPLATE false`);
  await dropSubscriptions(client, settings, order);
  // Cut short, it would leave an invalid database: removing the files of a large one takes its time.
  await client.query('SET statement_timeout = 0');
  await client.query(`DROP DATABASE ${name} WITH (FORCE)`).catch((error: unknown) => {
    throw failed(order, error);
  });
  return true;
}

function attemptOf({ name }: DropOrder): string {
  return `drop database ${showName(name)}`;
}

function refused(order: DropOrder, cause: string): HoldfastError {
  const remedy = 'It was left as it is. Drop it by hand if it is no longer needed.';
  return new HoldfastError('DropRefused', { attempted: attemptOf(order), cause, remedy });
}

function failed(order: DropOrder, error: unknown): unknown {
  const { code, words } = reportedError(error);
  if (code === '3D000' || !['55006', '55P03'].includes(code)) return error;
  const remedy = 'Drop its prepared transactions, replication slots and subscriptions, then try again.';
  return new HoldfastError(
    'DatabaseInUse',
    { attempted: attemptOf(order), cause: words, remedy },
    { cause: error },
  );
}
