import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test, vi } from 'vitest';
import { resolveConnection } from '../../../src/postgres/connection/resolve.js';
import { childEnvironment } from '../../../src/postgres/program/child-environment.js';
import { startCluster } from '../../support/cluster.js';

afterEach(() => vi.unstubAllEnvs());

const environmentOf = (settings: Parameters<typeof resolveConnection>[0]) =>
  childEnvironment(resolveConnection(settings, '-Fp', { HOME: '/nowhere' }), {
    applicationName: 'holdfast x',
  });

test('nothing of the operator’s environment reaches a program but PATH, HOME and LD_LIBRARY_PATH', async () => {
  for (const name of [
    'PGOPTIONS',
    'PGSERVICE',
    'PGCLIENTENCODING',
    'PAGER',
    'PSQLRC',
    'LC_MESSAGES',
    'CANARY',
  ])
    vi.stubEnv(name, 'hostile');
  vi.stubEnv('LC_ALL', 'hostile');
  vi.stubEnv('TZ', 'hostile');
  const env = environmentOf({ host: 'db', port: 1, user: 'ann', password: 'x' });
  const { stdout } = await execa('env', { env, extendEnv: false });
  expect(stdout).not.toContain('hostile');
  expect(env).toMatchObject({ LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH, PGAPPNAME: 'holdfast x' });
});

test('the connection goes by libpq’s variables, the database as it is', () => {
  const settings = {
    host: 'db',
    port: 1,
    user: 'ann',
    password: 'x',
    sslmode: 'verify-ca',
    sslrootcert: '/r',
  };
  expect(environmentOf(settings)).toMatchObject({
    PGHOST: 'db',
    PGPORT: '1',
    PGUSER: 'ann',
    PGDATABASE: '-Fp',
    PGPASSWORD: 'x',
    PGSSLMODE: 'verify-ca',
    PGSSLROOTCERT: '/r',
  });
});

test('a password that is not known is no variable', () => {
  expect(environmentOf({ host: 'db' })).not.toHaveProperty('PGPASSWORD');
});

test('no statement_timeout of the role’s or the database’s ends a program’s first query', async () => {
  await using cluster = await startCluster();
  await cluster.psql("ALTER DATABASE postgres SET statement_timeout = '1ms'");
  const connection = { host: cluster.socketDir, port: cluster.port, user: cluster.user };
  const env = childEnvironment(resolveConnection(connection, 'postgres'), { applicationName: 'holdfast' });
  const slow = ['-X', '-c', 'SELECT pg_sleep(0.2)'];
  await execa(join(cluster.binDir, 'psql'), slow, { env, extendEnv: false });
});
