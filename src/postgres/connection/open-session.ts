import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { connectError, isSqlState, passwordMissing, reportedError } from './error.js';
import type { ResolvedConnection } from './resolve.js';
import { type Tls, tlsAttempts } from './tls.js';

/** Ways to open a session. */
export interface SessionOptions {
  /** Ends the session, whatever it does. */
  signal?: AbortSignal;
  /** @defaultValue `holdfast` */
  applicationName?: string;
  /** Speaks the replication protocol, as `pg_basebackup` does. @defaultValue false */
  replication?: boolean;
  /** Its transactions may write, whatever `default_transaction_read_only` of the role or the server. @defaultValue false */
  writes?: boolean;
}

/**
 * Settings of every session of ours, whatever the role, the database or the operator's PGOPTIONS would have:
 * those given when a session starts come before those of ALTER ROLE and ALTER DATABASE.
 */
const sessionSettings = {
  search_path: 'pg_catalog',
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read\\ committed',
  statement_timeout: '300000',
  lock_timeout: '60000',
} as const;

/**
 * Opens a session, trying with and without TLS as the sslmode allows.
 * @throws HoldfastError ServerUnreachable, AuthenticationFailed, DatabaseUnknown, ConfigurationInvalid
 */
export async function openSession(
  connection: ResolvedConnection,
  options: SessionOptions = {},
): Promise<pg.Client> {
  const [first, fallback] = tlsAttempts(connection);
  try {
    return await connect(connection, first, options);
  } catch (error) {
    const isOver = options.signal?.aborted || !anotherMayWork(error, first);
    if (fallback === undefined || isOver) throw connectError(error, connection);
    try {
      return await connect(connection, fallback, options);
    } catch (second) {
      // Refused both ways: the first refusal is what the chosen sslmode is about.
      const refused = reportedError(second).code === '28000' && reportedError(error).code === '28000';
      throw connectError(refused ? error : second, connection);
    }
  }
}

/** pg_hba.conf may admit only the other kind; and a server that can't do TLS is to be tried without. */
function anotherMayWork(error: unknown, tried: Tls): boolean {
  const { code, words } = reportedError(error);
  if (code === '28000') return true;
  if (tried === false || words.startsWith('timeout expired')) return false;
  const isNetwork = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/.test(code);
  return !isSqlState(code) && !isNetwork;
}

async function connect(
  connection: ResolvedConnection,
  ssl: Tls,
  { signal, applicationName = 'holdfast', replication = false, writes = false }: SessionOptions,
): Promise<pg.Client> {
  const client = new pg.Client({
    host: connection.hostaddr ?? connection.host,
    port: connection.port,
    user: connection.user,
    database: connection.database,
    // A function keeps node-postgres from looking for a password on its own.
    password: () => {
      if (connection.password === undefined) throw passwordMissing(connection);
      return connection.password;
    },
    ssl,
    application_name: applicationName,
    ...(replication && { replication: 'true' }),
    connectionTimeoutMillis: connection.connectTimeoutSeconds * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    options: Object.entries({ ...sessionSettings, ...(writes && { default_transaction_read_only: 'off' }) })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  });
  client.on('error', () => {});
  const abort = () => client.connection.stream.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Says goodbye, and hangs up on a server that does not answer it. */
export async function closeSession(client: pg.Client): Promise<void> {
  const patience = new AbortController();
  const hangUp = delay(5_000, undefined, { signal: patience.signal }).then(
    () => client.connection.stream.destroy(),
    () => {},
  );
  await client.end().catch(() => {});
  patience.abort();
  await hangUp;
}
