import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ConnectionSettings } from '../../../src/config/config.js';
import { HoldfastError } from '../../../src/domain/errors.js';
import { listDatabases, withConnection } from '../../../src/postgres/connection/connection.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { lastingPort } from '../../support/lasting-port.js';
import { hostileNames } from '../hostile-names.js';

const canary = "canary 's:\\3f9";
let cluster: Cluster;
let home: string;

beforeAll(async () => {
  cluster = await startCluster({ password: canary });
  await cluster.createDatabase('shop');
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-home-'));
  vi.stubEnv('HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

const settings = (more: ConnectionSettings = {}): ConnectionSettings => ({
  host: cluster.socketDir,
  port: cluster.port,
  user: 'postgres',
  ...more,
});

const ask = async (
  connection: ConnectionSettings,
  query = 'SELECT current_database() AS a',
  database = 'shop',
) => await withConnection(connection, database, async (client) => (await client.query(query)).rows[0]?.a);

const failure = async (promise: Promise<unknown>): Promise<HoldfastError> => {
  const error: unknown = await promise.then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  if (!(error instanceof HoldfastError)) throw new Error(`no error of the catalogue: ${String(error)}`);
  expect(`${error.message} ${error.remedy} ${error.stack} ${JSON.stringify(error)}`).not.toContain('canary');
  return error;
};

test('the password of the settings opens a session, by socket and by TCP', async () => {
  expect(await ask(settings({ password: canary }))).toBe('shop');
  expect(await ask(settings({ password: canary, host: '127.0.0.1' }))).toBe('shop');
});

test('a password file opens a session by socket, its folder in the first field', async () => {
  const escaped = canary.replace(/[:\\]/g, '\\$&');
  await writeFile(join(home, '.pgpass'), `${cluster.socketDir}:*:shop:postgres:${escaped}\n`, {
    mode: 0o600,
  });
  expect(await ask(settings())).toBe('shop');
  const env = { ...cluster.env, PGPASSWORD: '', HOME: home, PGPASSFILE: join(home, '.pgpass') };
  const psql = await execa(join(cluster.binDir, 'psql'), ['-XAtwc', 'SELECT 1', 'shop'], { env });
  expect(psql.stdout, 'libpq reads the same file the same way').toBe('1');
});

test('a service opens a session with everything it names', async () => {
  await writeFile(
    join(home, '.pg_service.conf'),
    `[s]\nhost=127.0.0.1\nport=${cluster.port}\nuser=postgres\npassword=${canary}\n`,
  );
  expect(await ask({ service: 's' })).toBe('shop');
});

test('a wrong password and a missing one fail as authentication, each in its own words', async () => {
  const wrong = await failure(ask(settings({ password: 'canary-wrong' })));
  expect(wrong).toMatchObject({ type: 'AuthenticationFailed', exitCode: 3, retryable: false });
  expect(wrong.message).toContain('password authentication failed for user "postgres"');
  vi.stubEnv('PGPASSWORD', canary);
  const missing = await failure(ask(settings()));
  expect(missing.type).toBe('AuthenticationFailed');
  expect(missing.message).toContain('the server asks for a password, and none is configured');
});

test('a password file that others can read is named as the reason', async () => {
  await writeFile(join(home, '.pgpass'), `*:*:*:*:${canary}\n`, { mode: 0o644 });
  expect((await failure(ask(settings()))).message).toContain('.pgpass can be read by others');
});

test('a server that is not there is unreachable, by socket, port and name', async () => {
  const port = await lastingPort();
  for (const host of [cluster.socketDir, '127.0.0.1', 'localhost', 'no-such-host.invalid']) {
    const error = await failure(ask(settings({ host, port, password: canary })));
    expect(error).toMatchObject({ type: 'ServerUnreachable', exitCode: 3, retryable: true });
    expect(error.message).toMatch(/ECONNREFUSED|ENOENT|ENOTFOUND|EAI_AGAIN/);
    expect(error.message).toContain(`${host}:${port}`);
  }
});

test('a folder of sockets that does not exist is named, as is PGHOST', async () => {
  const error = await failure(ask(settings({ host: '/no/such/folder', password: canary })));
  expect(error).toMatchObject({
    ...{ type: 'ServerUnreachable', exitCode: 3, retryable: true },
    message: expect.stringContaining('the folder /no/such/folder, where the server’s socket should be'),
    remedy: expect.stringContaining('PGHOST'),
  });
});

test('a session for whose locks the server has no room is told with the setting', async () => {
  const query = 'SELECT count(pg_advisory_xact_lock(i)) FROM generate_series(1, 1000000) i';
  const error = await failure(ask(settings({ password: canary }), query));
  expect(error.message).toContain('out of shared memory');
  expect(error.remedy).toContain('max_locks_per_transaction');
});

test('a server that takes the connection and says nothing is unreachable after the timeout', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  vi.stubEnv('PGCONNECT_TIMEOUT', '1');
  try {
    const { port } = silent.address() as { port: number };
    const error = await failure(ask(settings({ host: '127.0.0.1', port, sslmode: 'disable' })));
    expect(error.type).toBe('ServerUnreachable');
    expect(error.message).toContain('timeout');
  } finally {
    silent.close();
  }
});

test('a session that is cancelled while it opens is not tried another way', async () => {
  let tries = 0;
  const cancel = new AbortController();
  const silent = createServer(() => {
    tries += 1;
    setTimeout(() => cancel.abort(), 50);
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  vi.stubEnv('PGCONNECT_TIMEOUT', '2');
  try {
    const { port } = silent.address() as { port: number };
    const connection = settings({ host: '127.0.0.1', port, sslmode: 'prefer' });
    const attempt = withConnection(connection, 'shop', async () => {}, { signal: cancel.signal });
    expect((await failure(attempt)).type).toBe('Cancelled');
    expect(tries).toBe(1);
  } finally {
    silent.close();
  }
});

test('an unknown database is told with those that exist', async () => {
  const error = await failure(ask(settings({ password: canary }), 'SELECT 1', 'shopp'));
  expect(error).toMatchObject({ type: 'DatabaseUnknown', exitCode: 3, retryable: false });
  expect(error.message).toContain('"shopp"');
  expect(error.message).toContain('there are "postgres", "shop"');
});

test('PGOPTIONS, the role’s settings and the database’s have no effect on a session', async () => {
  await cluster.createDatabase('twisted');
  await cluster.psql(`
    ALTER DATABASE twisted SET "TimeZone" = 'Asia/Tokyo';
    ALTER ROLE postgres IN DATABASE twisted SET "DateStyle" = 'German';
    ALTER ROLE postgres IN DATABASE twisted SET search_path = 'evil';
    ALTER ROLE postgres IN DATABASE twisted SET statement_timeout = 1`);
  vi.stubEnv('PGOPTIONS', '-c search_path=evil -c statement_timeout=1 -c TimeZone=Asia/Tokyo');
  const query = `SELECT concat_ws('|', current_setting('search_path'), current_setting('TimeZone'),
    current_setting('DateStyle'), current_setting('statement_timeout'), current_setting('lock_timeout'),
    current_setting('client_encoding'), current_setting('transaction_isolation')) AS a`;
  expect(await ask(settings({ password: canary }), query, 'twisted')).toBe(
    'pg_catalog|UTC|ISO, MDY|5min|1min|UTF8|read committed',
  );
});

test('a session that PostgreSQL ends mid-query is a lost connection', async () => {
  const query = 'SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)';
  const error = await failure(ask(settings({ password: canary }), query));
  expect(error).toMatchObject({ type: 'ConnectionLost', exitCode: 3, retryable: true });
  expect(error.message).toContain('terminating connection due to administrator command');
});

test('a session that ends between two queries makes the next one a lost connection', async () => {
  const use = withConnection(settings({ password: canary }), 'shop', async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await cluster.psql(`SELECT pg_terminate_backend(${rows[0]?.pid}, 5000)`);
    await client.query('SELECT 1');
  });
  expect((await failure(use)).type).toBe('ConnectionLost');
});

test('an abort ends a query at once, and a session not yet opened', async () => {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  const running = withConnection(
    settings({ password: canary }),
    'shop',
    async (client) => {
      setImmediate(() => abort.abort());
      await client.query('SELECT pg_sleep(60)');
    },
    options,
  );
  expect((await failure(running)).type).toBe('Cancelled');
  const opened = vi.fn();
  const late = withConnection(settings({ password: canary }), 'shop', opened, options);
  expect((await failure(late)).type).toBe('Cancelled');
  expect(opened).not.toHaveBeenCalled();
});

test('an error of PostgreSQL is told in its words, any other is passed on', async () => {
  const error = await failure(ask(settings({ password: canary }), 'SELECT 1/0'));
  expect(error).toMatchObject({ type: 'GeneralError', message: 'query database "shop": division by zero' });
  for (const own of [new RangeError('mine'), Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })]) {
    const use = withConnection(settings({ password: canary }), 'shop', () => Promise.reject(own));
    await expect(use).rejects.toBe(own);
  }
});

test('databases of any name are opened by that name, and listed', async () => {
  for (const name of hostileNames) await cluster.createDatabase(name);
  const connection = settings({ password: canary });
  for (const name of hostileNames) expect(await ask(connection, undefined, name)).toBe(name);
  const listed = await listDatabases(connection);
  expect(listed).toEqual(expect.arrayContaining([...hostileNames, 'shop', 'postgres']));
  expect(listed).not.toContain('template1');
});

test('databases that take no connections are not listed', async () => {
  await cluster.createDatabase('closed');
  await cluster.psql('ALTER DATABASE closed ALLOW_CONNECTIONS false');
  const connection = settings({ password: canary });
  expect(await listDatabases(connection)).not.toContain('closed');
  const error = await failure(ask(connection, 'SELECT 1', 'closed'));
  expect(error).toMatchObject({ type: 'DatabaseUnknown' });
  expect(error.message).toContain('is not currently accepting connections');
});

test('a database whose DROP DATABASE was interrupted is not listed, and told with what is left to do', async () => {
  await cluster.createDatabase('halfway');
  // What DROP DATABASE itself does first (dropdb() in dbcommands.c).
  await cluster.psql("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'halfway'");
  const connection = settings({ password: canary });
  expect(await listDatabases(connection)).not.toContain('halfway');
  const error = await failure(ask(connection, 'SELECT 1', 'halfway'));
  expect(error).toMatchObject({
    type: 'DatabaseUnknown',
    story: { remedy: 'Use DROP DATABASE to drop invalid databases.' },
  });
});

test('databases are listed by way of template1 where there is no postgres', async () => {
  await cluster.psql('ALTER DATABASE postgres RENAME TO elsewhere', 'shop');
  try {
    expect(await listDatabases(settings({ password: canary }))).toContain('elsewhere');
  } finally {
    await cluster.psql('ALTER DATABASE elsewhere RENAME TO postgres', 'shop');
  }
});

test('a server that takes no connections yet is one to wait for', async () => {
  await using standby = await startCluster({ settings: { hot_standby: 'off' } });
  await standby.stop();
  await writeFile(join(standby.dataDir, 'standby.signal'), '');
  await standby.start();
  const connection = { host: standby.socketDir, port: standby.port, user: 'postgres' };
  expect(await failure(ask(connection, 'SELECT 1', 'postgres'))).toMatchObject({
    type: 'ServerUnreachable',
    remedy: expect.stringContaining('Wait until it takes connections'),
  });
});
