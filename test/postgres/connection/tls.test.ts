import { chown, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ConnectionSettings } from '../../../src/config/config.js';
import { withConnection } from '../../../src/postgres/connection/connection.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { serverUser } from '../../support/server-user.js';

let tls: Cluster;
let plain: Cluster;
let folder: string;
let root: string;
let otherRoot: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-tls-'));
  plain = await startCluster();
  tls = await startCluster();
  vi.stubEnv('HOME', folder);
  root = await certificate('server', 'localhost');
  otherRoot = await certificate('other', 'elsewhere.invalid');
  for (const name of ['server.crt', 'server.key']) {
    const path = join(tls.dataDir, name);
    await copyFile(join(folder, name), path);
    const { uid, gid } = serverUser();
    if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
  }
  await tls.psql('ALTER SYSTEM SET ssl = on');
  await tls.psql('SELECT pg_reload_conf()');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await tls[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A certificate that signs itself, and so is its own root. */
async function certificate(name: string, host: string): Promise<string> {
  const path = join(folder, `${name}.crt`);
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  const files = ['-keyout', join(folder, `${name}.key`), '-out', path];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await execa('openssl', ['req', ...kind, ...subject, ...files]);
  return path;
}

/** Whether the session that `settings` open is encrypted, or the type of the error. */
async function encrypted(cluster: Cluster, settings: ConnectionSettings): Promise<unknown> {
  const connection = { host: 'localhost', port: cluster.port, user: 'postgres', ...settings };
  return await withConnection(connection, 'postgres', async (client) => {
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return rows[0].ssl;
  }).catch((error: { type: string }) => error.type);
}

/** The same by psql: what libpq itself makes of it. */
async function encryptedByLibpq(cluster: Cluster, settings: ConnectionSettings): Promise<unknown> {
  const env = {
    PGHOST: settings.host ?? 'localhost',
    PGPORT: String(cluster.port),
    PGUSER: 'postgres',
    PGSSLMODE: settings.sslmode ?? 'prefer',
    PGSSLROOTCERT: settings.sslrootcert ?? '',
    HOME: folder,
  };
  const query = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
  const psql = await execa(join(cluster.binDir, 'psql'), ['-XAtwc', query, 'postgres'], {
    env,
    reject: false,
  });
  return psql.failed ? 'failed' : psql.stdout === 't';
}

test.each<[string, ConnectionSettings, unknown]>([
  ['with TLS', {}, true],
  ['with TLS', { sslmode: 'disable' }, false],
  ['with TLS', { sslmode: 'allow' }, false],
  ['with TLS', { sslmode: 'prefer' }, true],
  ['with TLS', { sslmode: 'require' }, true],
  ['with TLS', { sslmode: 'verify-ca' }, 'ConfigurationInvalid'],
  ['with TLS', { sslmode: 'verify-ca', sslrootcert: 'root' }, true],
  ['with TLS', { sslmode: 'verify-ca', sslrootcert: 'root', host: '127.0.0.1' }, true],
  ['with TLS', { sslmode: 'verify-ca', sslrootcert: 'other' }, 'AuthenticationFailed'],
  ['with TLS', { sslmode: 'verify-full', sslrootcert: 'root' }, true],
  ['with TLS', { sslmode: 'verify-full', sslrootcert: 'root', host: '127.0.0.1' }, 'AuthenticationFailed'],
  ['with TLS', { sslmode: 'require', sslrootcert: 'other' }, 'AuthenticationFailed'],
  ['with TLS', { sslmode: 'prefer', sslrootcert: 'other' }, false],
  ['without TLS', { sslmode: 'prefer' }, false],
  ['without TLS', { sslmode: 'require' }, 'AuthenticationFailed'],
])('a server %s, %j: %s, as libpq does it', async (kind, settings, expected) => {
  const roots: Record<string, string> = { root, other: otherRoot };
  const { sslrootcert } = settings;
  const given = sslrootcert ? { ...settings, sslrootcert: roots[sslrootcert] ?? '' } : settings;
  const cluster = kind === 'with TLS' ? tls : plain;
  expect(await encrypted(cluster, given)).toBe(expected);
  expect(await encryptedByLibpq(cluster, given)).toBe(typeof expected === 'string' ? 'failed' : expected);
});

test('prefer goes without TLS where pg_hba.conf admits only that, and allow with it where it must', async () => {
  const file = join(tls.dataDir, 'pg_hba.conf');
  const before = await readFile(file, 'utf8');
  for (const [line, sslmode, expected] of [
    ['hostnossl all all 127.0.0.1/32 trust\nhostnossl all all ::1/128 trust', 'prefer', false],
    ['hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust', 'allow', true],
    ['hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust', 'disable', 'AuthenticationFailed'],
  ] as const) {
    await writeFile(file, `local all all trust\n${line}\n`);
    await tls.psql('SELECT pg_reload_conf()');
    await expect.poll(() => encrypted(tls, { sslmode })).toBe(expected);
  }
  await writeFile(file, before);
  await tls.psql('SELECT pg_reload_conf()');
});

test('a client certificate opens a session where the server asks for one', async () => {
  const certificatePath = await certificate('client', 'postgres');
  const trusted = join(tls.dataDir, 'clients.crt');
  await copyFile(certificatePath, trusted);
  const { uid, gid } = serverUser();
  if (uid !== undefined && gid !== undefined) await chown(trusted, uid, gid);
  await tls.psql("ALTER SYSTEM SET ssl_ca_file = 'clients.crt'");
  const rules = ['127.0.0.1/32', '::1/128'].map((address) => `hostssl all all ${address} cert\n`);
  await writeFile(join(tls.dataDir, 'pg_hba.conf'), `local all all trust\n${rules.join('')}`);
  await tls.psql('SELECT pg_reload_conf()');
  await expect.poll(() => encrypted(tls, { sslmode: 'require' })).toBe('AuthenticationFailed');
  vi.stubEnv('PGSSLCERT', certificatePath);
  vi.stubEnv('PGSSLKEY', join(folder, 'client.key'));
  expect(await encrypted(tls, { sslmode: 'require' })).toBe(true);
});
