import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConnectionSettings } from '../../../src/config/config.js';
import { resolveConnection } from '../../../src/postgres/connection/resolve.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-home-'));
});
afterEach(() => rm(home, { recursive: true }));

const resolve = (settings: ConnectionSettings, environment: NodeJS.ProcessEnv = {}) =>
  resolveConnection(settings, 'shop', { HOME: home, ...environment });

test('nothing given leads to this user on a local server, by TLS where there is a network and TLS', () => {
  const connection = resolve({ port: 1 });
  expect(connection).toEqual({
    host: 'localhost',
    port: 1,
    user: userInfo().username,
    database: 'shop',
    sslmode: 'prefer',
    connectTimeoutSeconds: 10,
  });
  expect(resolve({}).port).toBe(5432);
});

test('a setting comes before the service, the service before the default', async () => {
  await writeFile(
    join(home, '.pg_service.conf'),
    '[s]\nhost=db\nhostaddr=127.0.0.1\nport=6000\nuser=ann\npassword=x\nsslmode=require\nconnect_timeout=3\n',
  );
  expect(resolve({ service: 's', port: 7000 })).toMatchObject({
    host: 'db',
    hostaddr: '127.0.0.1',
    port: 7000,
    user: 'ann',
    password: 'x',
    sslmode: 'require',
    connectTimeoutSeconds: 3,
  });
});

test.for([
  ['channel_binding=require', /^channel_binding asks/],
  ['channel_binding=prefer', undefined],
  ['sslcrl=/etc/revoked.crl', /^sslcrl asks/],
  ['ssl_min_protocol_version=TLSv1.2', undefined],
  ['ssl_min_protocol_version=TLSv1.3', /^ssl_min_protocol_version asks/],
  ['application_name=mine', undefined],
] as const)('a service that asks for %s is refused where that could not be kept', async ([line, cause]) => {
  await writeFile(join(home, '.pg_service.conf'), `[s]\nhost=db\n${line}\n`);
  const ask = () => resolve({ service: 's' });
  if (cause === undefined) expect(ask().host).toBe('db');
  else
    expect(ask).toThrow(
      expect.objectContaining({ story: expect.objectContaining({ cause: expect.stringMatching(cause) }) }),
    );
});

test('so is the environment that asks for it', () => {
  expect(() => resolve({ host: 'db' }, { PGCHANNELBINDING: 'require' })).toThrow(/PGCHANNELBINDING asks/);
  expect(resolve({ host: 'db' }, { PGCHANNELBINDING: 'prefer', PGREQUIREAUTH: '' }).host).toBe('db');
});

test('the database of a service is not taken: the caller names it', async () => {
  await writeFile(join(home, '.pg_service.conf'), '[s]\nhost=db\ndbname=other\n');
  expect(resolve({ service: 's' }).database).toBe('shop');
});

test('the password file of the settings comes before PGPASSFILE, and that before ~/.pgpass', async () => {
  for (const name of ['.pgpass', 'env', 'setting'])
    await writeFile(join(home, name), `db:*:shop:*:from ${name}\n`, { mode: 0o600 });
  const host = { host: 'db' };
  expect(resolve(host).password).toBe('from .pgpass');
  const environment = { PGPASSFILE: join(home, 'env') };
  expect(resolve(host, environment).password).toBe('from env');
  expect(resolve({ ...host, passfile: join(home, 'setting') }, environment).password).toBe('from setting');
  expect(resolve({ ...host, password: 'given' }, environment).password).toBe('given');
});

test('another cluster’s PGHOST, PGUSER and PGPASSWORD in the environment are left alone', () => {
  const environment = { PGHOST: 'wrong', PGUSER: 'wrong', PGPASSWORD: 'wrong', PGPORT: '1' };
  expect(JSON.stringify(resolve({ host: 'db' }, environment))).not.toContain('wrong');
});

test('certificates of ~/.postgresql are used when they are there', async () => {
  await mkdir(join(home, '.postgresql'));
  for (const name of ['root.crt', 'postgresql.crt', 'postgresql.key'])
    await writeFile(join(home, '.postgresql', name), '');
  expect(resolve({ host: 'db' })).toMatchObject({
    sslrootcert: join(home, '.postgresql', 'root.crt'),
    sslcert: join(home, '.postgresql', 'postgresql.crt'),
    sslkey: join(home, '.postgresql', 'postgresql.key'),
  });
});

test.each<[ConnectionSettings, string]>([
  [{ sslmode: 'on' }, 'sslmode is "on", and must be one of disable, allow, prefer'],
  [{ host: 'a,b' }, 'host is "a,b", and must be one host'],
])('%j is a wrong setting', (settings, message) => {
  expect(() => resolve(settings)).toThrow(
    expect.objectContaining({ type: 'ConfigurationInvalid', message: expect.stringContaining(message) }),
  );
});
