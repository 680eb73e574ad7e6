import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { typedOnTerminal } from '../support/on-terminal.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ password: 'let me in' });
  await cluster.createDatabase('shop');
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Without any variable that names the server. */
async function bareWorkplace(): Promise<Workplace> {
  const place = await createWorkplace({ TEMPORAL_ADDRESS: '127.0.0.1:1', MIN_DISK_SPACE_GB: '0' });
  delete place.env.BACKUP_DIR;
  place.env.HOME = place.folder;
  return place;
}

const options = () => ['--host', cluster.socketDir, '--port', `${cluster.port}`, '--user', 'postgres'];
const enter = '\r';

test('with --yes a commented file is written, the machine looked at, and the next step told', async () => {
  await using place = await bareWorkplace();
  place.env.PGPASSWORD = 'let me in';
  const args = ['init', '--yes', ...options(), '--backup-dir', 'my backups', '--retention-days', '9'];
  const { stdout, stderr } = await place.run(...args);
  expect(stdout, stderr).toMatch(/^PostgreSQL 15.*, 2 databases\n/);
  expect(stdout).toMatch(/shop +\d+\.?\d* MB/);
  expect(stdout).toContain('✓ connection: OK');
  expect(stdout).toContain('holdfast backup shop');
  const path = join(place.folder, 'holdfast.yaml');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).not.toContain('let me in');
  const config = await loadConfig({ env: {}, cwd: place.folder });
  expect(config).toMatchObject({
    backupDir: join(place.folder, 'my backups'),
    clusters: { default: { retentionDays: 9, connection: { host: cluster.socketDir, port: cluster.port } } },
  });
  const before = await readFile(path, 'utf8');
  expect((await place.run(...args)).stdout).toContain('says so already');
  const refused = await place.run('init', '--yes', ...options(), '--retention-days', '5');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('defaults.retentionDays: 9 there, 5 asked for');
  expect(await readFile(path, 'utf8')).toBe(before);
});

test('what is commented out in the file is right, too, once it is not', async () => {
  await using place = await bareWorkplace();
  place.env.PGPASSWORD = 'let me in';
  await place.run('init', '--yes', ...options());
  const path = join(place.folder, 'holdfast.yaml');
  const text = await readFile(path, 'utf8');
  const settings = /^( *)# (?=( *)[A-Za-z]+:(?: |$))/gm;
  expect(text.match(settings)?.length).toBeGreaterThan(5);
  await writeFile(path, text.replace(settings, '$1'));
  await writeFile(join(place.folder, 'password'), 'x');
  await writeFile(path, (await readFile(path, 'utf8')).replace('/etc/holdfast/password', 'password'));
  const { alertEndpoint, clusters } = await loadConfig({ env: {}, cwd: place.folder });
  expect(alertEndpoint).toBe('https://alerts.example.com/in');
  expect(Object.values(clusters.default?.databases ?? {})).toMatchObject([{ approval: { protected: true } }]);
});

test('without a terminal and --yes, or without a server, nothing is written', async () => {
  await using place = await bareWorkplace();
  const unasked = await place.run('init', ...options());
  expect(unasked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') });
  const unreached = await place.run('init', '--yes', '--host', '127.0.0.1', '--port', '1');
  expect(unreached.exitCode).toBe(3);
  await mkdir(join(place.folder, 'there'));
  expect(await readdir(place.folder)).toEqual(['there']);
});

test('at a terminal the server is asked for until it answers, and a typed password gets a file of its own', async () => {
  await using place = await bareWorkplace();
  const { shown } = await typedOnTerminal(
    place,
    ['init'],
    [
      ['Where is PostgreSQL?', `${cluster.socketDir}${enter}`],
      ['Its port?', `${cluster.port}${enter}`],
      ['As which role?', enter],
      ['Password of postgres?', `let me in${enter}`],
      ['Where are backups', `backups${enter}`],
      ['Compressed how?', enter],
      ['For how many days?', enter],
      ['Write ', enter],
    ],
  );
  expect(shown).toContain('2 databases');
  expect(shown).toContain('✓ connection: OK');
  const password = join(place.folder, 'default.password');
  expect(await readFile(password, 'utf8')).toBe('let me in\n');
  expect((await stat(password)).mode & 0o777).toBe(0o600);
  expect(await readFile(join(place.folder, 'holdfast.yaml'), 'utf8')).toContain(`passwordFile: ${password}`);
  expect(shown).not.toContain('let me in');
});

test('Ctrl-C at any question leaves nothing', async () => {
  await using place = await bareWorkplace();
  place.env.PGPASSWORD = 'let me in';
  const { exitCode, shown } = await typedOnTerminal(
    place,
    ['init', ...options()],
    [
      ['Where is PostgreSQL?', enter],
      ['Its port?', enter],
      ['As which role?', enter],
      ['Where are backups', '\u0003'],
    ],
  );
  expect(exitCode).toBe(1);
  expect(shown).toContain('nothing was written');
  expect((await readdir(place.folder)).filter((name) => name !== 'state')).toEqual([]);
});

test('a folder that can not be written is told, and leaves no password behind', async () => {
  await using place = await bareWorkplace();
  place.env.PGPASSWORD = 'let me in';
  // Also root is refused there.
  const { exitCode, stderr } = await place.run(
    'init',
    '--yes',
    ...options(),
    '--file',
    '/proc/holdfast.yaml',
  );
  expect(exitCode, stderr).toBeGreaterThan(0);
  expect(stderr).toContain('write /proc/holdfast.yaml');
  await chmod(place.folder, 0o700);
});
