import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { showName } from '../quote.js';
import { actingRoleRemedy, withActingRole } from './acting-role.js';
import { cancelled, reportedError, sessionError } from './error.js';
import { closeSession, openSession, type SessionOptions } from './open-session.js';
import { type KnownDatabase, readDatabases } from './read-databases.js';
import { resolveConnection } from './resolve.js';

/**
 * Opens a session in `database`, gives it to `use`, and closes it whatever happens.
 * PostgreSQL's errors come out as errors of the catalogue; others as they are.
 * @throws HoldfastError ServerUnreachable, AuthenticationFailed, DatabaseUnknown (naming the databases that
 * exist), ConnectionLost, Cancelled, LockTimeout, ConfigurationInvalid
 */
export async function withConnection<T>(
  settings: ConnectionSettings,
  database: string,
  use: (client: pg.Client) => Promise<T>,
  options: SessionOptions = {},
): Promise<T> {
  const attempted = `query database ${showName(database)}`;
  return await withSession(attempted, () => openOrExplain(settings, database, options), use, options);
}

/** {@link withConnection} in a database that nearly every cluster has: `postgres`, else `template1`. */
export async function withMaintenanceConnection<T>(
  settings: ConnectionSettings,
  use: (client: pg.Client) => Promise<T>,
  options: SessionOptions = {},
): Promise<T> {
  return await withSession('query the cluster', () => openMaintenance(settings, options), use, options);
}

/** The databases that accept connections, are no template and none of Holdfast's own, by name. */
export async function listDatabases(
  settings: ConnectionSettings,
  options: SessionOptions = {},
): Promise<string[]> {
  const all = await listEveryDatabase(settings, options);
  return all.flatMap(({ name, notBackedUpBecause }) => (notBackedUpBecause ? [] : [name]));
}

/** Every database, by name, with why it is none of {@link listDatabases}. */
export async function listEveryDatabase(
  settings: ConnectionSettings,
  options: SessionOptions = {},
): Promise<KnownDatabase[]> {
  return await withMaintenanceConnection(settings, readDatabases, options);
}

async function withSession<T>(
  attempted: string,
  open: () => Promise<pg.Client>,
  use: (client: pg.Client) => Promise<T>,
  { signal }: SessionOptions,
): Promise<T> {
  if (signal?.aborted) throw cancelled(attempted);
  const client = await open().catch((error: unknown) => {
    throw signal?.aborted ? cancelled(attempted) : error;
  });
  let isLost = false;
  client.on('error', () => {
    isLost = true;
  });
  const abort = () => client.connection.stream.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await use(client);
  } catch (error) {
    if (signal?.aborted) throw cancelled(attempted);
    const told = sessionError(error, attempted, isLost);
    throw isLost ? told : await withActingRole(told, () => askActingRole(client));
  } finally {
    signal?.removeEventListener('abort', abort);
    await closeSession(client);
  }
}

/** {@link actingRoleRemedy} for a session in which a statement has failed. */
async function askActingRole(client: pg.Client): Promise<string | undefined> {
  await client.query('ROLLBACK');
  return await actingRoleRemedy(client);
}

/** What a program that had its own session was refused, with {@link actingRoleRemedy}. */
export async function explainRefusal(
  error: unknown,
  settings: ConnectionSettings,
  database: string,
): Promise<unknown> {
  return await withActingRole(error, () => withConnection(settings, database, actingRoleRemedy));
}

async function openOrExplain(
  settings: ConnectionSettings,
  database: string,
  options: SessionOptions,
): Promise<pg.Client> {
  const connection = resolveConnection(settings, database);
  try {
    return await openSession(connection, options);
  } catch (error) {
    // 3D000: invalid_catalog_name. A database that takes no connections is an unknown one with its own words.
    if (!(error instanceof HoldfastError) || reportedError(error.cause).code !== '3D000') throw error;
    const existing = await listDatabases(settings, options).catch(() => undefined);
    if (!existing) throw error;
    throw new HoldfastError(
      'DatabaseUnknown',
      {
        attempted: `connect to database ${showName(database)}`,
        cause: `there is no such database; there are ${showNames(existing)}`,
        remedy: 'Name one of them.',
      },
      { cause: error },
    );
  }
}

/** SQLSTATEs that another database may not have: unknown, closed, CONNECT not granted, not in pg_hba.conf. */
const onlyThisDatabase = new Set(['3D000', '55000', '42501', '28000']);

async function openMaintenance(settings: ConnectionSettings, options: SessionOptions): Promise<pg.Client> {
  try {
    return await openSession(resolveConnection(settings, 'postgres'), options);
  } catch (error) {
    const code = error instanceof HoldfastError ? reportedError(error.cause).code : '';
    if (!onlyThisDatabase.has(code)) throw error;
    return await openSession(resolveConnection(settings, 'template1'), options).catch(() => {
      throw error;
    });
  }
}

function showNames(names: string[]): string {
  const shown = names.slice(0, 30).map(showName).join(', ');
  return names.length > 30 ? `${shown} and ${names.length - 30} more` : shown || 'none';
}
