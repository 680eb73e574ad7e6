import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { formatMark, type MarkKind, parseMark } from '../../../domain/restore/database-mark.js';
import { reportedError } from '../../connection/error.js';
import type { SessionOptions } from '../../connection/open-session.js';
import { quoteIdentifier, quoteLiteral, showName } from '../../quote.js';
import { dropSubscriptions } from '../swap/drop-subscriptions.js';
import { withNeighbour } from '../swap/neighbour.js';
import { createStatement, creationError, type StagingDatabase } from './clauses.js';

export interface StagingOrder extends Omit<StagingDatabase, 'tablespace'> {
  /** The database that it is to replace. */
  target: string;
  /** The backup's; the server's default tablespace is used, with a warning, where it doesn't exist. */
  tablespace: string;
  runId: string;
  /** Whose drill it is for; absent: it is for a restore. */
  drillOf?: string;
}

export interface CreatedStaging {
  name: string;
  oid: number;
  /** What could not be as in the backup. */
  warnings: string[];
}

/**
 * Creates the staging database, empty, with the encoding, locale, owner and tablespace of the backup, and marks it.
 * What an earlier attempt of the same run left under the name is dropped first.
 *
 * Until the swap nobody else gets in: a superuser's restore sets CONNECTION LIMIT 0, which only superusers pass and
 * which leaves the grants as they are; for other roles that limit counts too, so theirs takes CONNECT from PUBLIC.
 * @throws HoldfastError ServerLacksFeature, NotEnoughSpace, DatabaseInUse, DropRefused, and as `withConnection`
 */
export async function createStaging(
  settings: ConnectionSettings,
  order: StagingOrder,
  options: SessionOptions = {},
): Promise<CreatedStaging> {
  return await withNeighbour(
    settings,
    [order.target, order.name],
    (client) => create(client, settings, order),
    options,
  );
}

async function create(
  client: pg.Client,
  settings: ConnectionSettings,
  order: StagingOrder,
): Promise<CreatedStaging> {
  const server = await readServer(client, order.tablespace);
  // Not named where it is the default: naming it asks for a privilege that nobody needs to use it.
  const isDefault = order.tablespace === 'pg_default';
  const tablespace = server.hasTablespace && !isDefault ? order.tablespace : null;
  const statement = createStatement({ ...order, tablespace }, server.major);
  // Removing a large leftover, or copying a template on a busy disk, takes longer than other statements may.
  await client.query('SET statement_timeout = 0');
  await dropLeftover(client, settings, order);
  await client.query(statement).catch((error: unknown) => {
    const { code, words } = reportedError(error);
    throw creationError(code, words, order.name) ?? error;
  });
  await openWithMark(client, order, server.isSuperuser);
  const { rows } = await client.query<{ oid: number }>('SELECT oid FROM pg_database WHERE datname = $1', [
    order.name,
  ]);
  const warning = `the tablespace ${showName(order.tablespace)} does not exist: the default one is used`;
  return { name: order.name, oid: rows[0]?.oid ?? 0, warnings: server.hasTablespace ? [] : [warning] };
}

function kindOf({ drillOf }: StagingOrder): MarkKind {
  return drillOf === undefined ? 'staging' : 'drill';
}

async function openWithMark(client: pg.Client, order: StagingOrder, isSuperuser: boolean): Promise<void> {
  const name = quoteIdentifier(order.name);
  const { target, runId } = order;
  const { drillOf: of } = order;
  const mark = formatMark({
    ...{ kind: kindOf(order), target, runId, comment: null },
    ...(of !== undefined && { of }),
  });
  const keepOthersOut = isSuperuser
    ? `ALTER DATABASE ${name} CONNECTION LIMIT 0`
    : `REVOKE CONNECT, TEMPORARY ON DATABASE ${name} FROM PUBLIC`;
  await client.query(
    `BEGIN; COMMENT ON DATABASE ${name} IS ${quoteLiteral(mark)}; ${keepOthersOut};
     ALTER DATABASE ${name} ALLOW_CONNECTIONS true; COMMIT`,
  );
}

async function readServer(client: pg.Client, tablespace: string) {
  const { rows } = await client.query<{ version: number; isSuperuser: boolean; hasTablespace: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version,
            (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS "isSuperuser",
            EXISTS (SELECT FROM pg_tablespace WHERE spcname = $1) AS "hasTablespace"`,
    [tablespace],
  );
  const { version = 0, isSuperuser = false, hasTablespace = false } = rows[0] ?? {};
  return { major: Math.floor(version / 10_000), isSuperuser, hasTablespace };
}

/**
 * An earlier attempt's database has our mark; or none yet and has never taken a connection, so that there is
 * nothing of anybody's in it. Any other stays.
 */
async function dropLeftover(
  client: pg.Client,
  settings: ConnectionSettings,
  order: StagingOrder,
): Promise<void> {
  const { rows } = await client.query<{ oid: number; comment: string | null; allowsConnections: boolean }>(
    `SELECT oid, shobj_description(oid, 'pg_database') AS comment, datallowconn AS "allowsConnections"
     FROM pg_database WHERE datname = $1`,
    [order.name],
  );
  const [found] = rows;
  if (!found) return;
  const mark = parseMark(found.comment);
  const isMarked = mark?.kind === kindOf(order) && mark.runId === order.runId;
  const isUntouched = found.comment === null && !found.allowsConnections;
  if (!isMarked && !isUntouched)
    throw new HoldfastError('DropRefused', {
      attempted: `create the staging database ${showName(order.name)}`,
      cause: 'there is a database of that name which this restore did not make',
      remedy: 'Rename it, or drop it when it is not needed, then restore again.',
    });
  await dropSubscriptions(client, settings, { name: order.name, oid: found.oid });
  await client.query(`DROP DATABASE ${quoteIdentifier(order.name)} WITH (FORCE)`);
}
