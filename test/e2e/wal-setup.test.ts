import { existsSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { prepareArchive } from '../../src/repository/local/wal/prepare-archive.js';
import { walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { scratchFolder } from '../repository/support/scratch.js';
import { backUpBase } from '../support/base-backup.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { patience } from '../support/patience.js';

interface Setup {
  archive: { folder: string; script: string; osUser: string };
  settings: { name: string; now: string; needed: string; state: string; needsRestart: boolean }[];
  commands: string[];
  statements: string[];
  applied: boolean;
  needsRestart: boolean;
}

let cluster: Cluster;
let place: Workplace;
let backupDir: string;

beforeAll(async () => {
  cluster = await startCluster({ settings: { wal_level: 'minimal', max_wal_senders: '0' } });
  // Where the server's OS user gets in, and with what shells, the server and SQL could trip over.
  backupDir = join(dirname(cluster.dataDir), `it's "100%" \\a`);
  place = await createWorkplace({ ...cluster.env, BACKUP_DIR: backupDir });
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const states = ({ settings }: Setup) => settings.map(({ name, state }) => `${name}: ${state}`);
const isRoot = process.getuid?.() === 0;

test('without --apply it prints what to run as root and as superuser, and changes nothing', async () => {
  const setup = await place.json<Setup>('wal', 'setup');
  expect(states(setup)).toEqual(['wal_level: change', 'archive_mode: change', 'archive_command: change']);
  expect(setup).toMatchObject({ applied: false, needsRestart: true });
  expect(setup.commands).toHaveLength(3);
  const { stdout, stderr, exitCode } = await place.run('wal', 'setup');
  expect(exitCode).toBe(0);
  for (const line of [...setup.commands, ...setup.statements]) expect(stdout).toContain(line);
  expect(stdout).toMatch(/^archive_mode +off +on \(after a restart\)$/m);
  expect(stderr).toContain('restart the server');
  expect(existsSync(backupDir)).toBe(false);
  expect(await cluster.psql('SELECT count(*) FROM pg_file_settings WHERE sourcefile ~ $$auto.conf$$')).toBe(
    '0',
  );
});

test('somebody else’s archive_command is not replaced without --force', async () => {
  await cluster.psql(`ALTER SYSTEM SET archive_command = 'cp %p /elsewhere/%f'`);
  await cluster.psql('SELECT pg_reload_conf()');
  expect(states(await place.json<Setup>('wal', 'setup'))).toContain('archive_command: foreign');
  const refused = await place.run('wal', 'setup', '--apply');
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain('archive_command is "cp %p /elsewhere/%f", which Holdfast did not set');
  expect(refused.stderr).toContain('--force');
  expect(existsSync(backupDir)).toBe(false);
  expect(await cluster.psql(`SELECT reset_val FROM pg_settings WHERE name = 'archive_command'`)).toContain(
    'cp %p',
  );
});

test('--apply makes the archive and sets the settings, and leaves the restart to its owner', async () => {
  const { pid } = cluster;
  const setup = await place.json<Setup>('wal', 'setup', '--apply', '--force');
  expect(states(setup)).toEqual(['wal_level: restart', 'archive_mode: restart', 'archive_command: fine']);
  expect(setup).toMatchObject({ applied: true, needsRestart: true, commands: [] });
  expect(cluster.pid).toBe(pid);
  const { uid } = await stat(cluster.dataDir);
  const wal = await stat(setup.archive.folder);
  expect([wal.uid, wal.mode & 0o777]).toEqual([uid, 0o700]);
  expect((await stat(setup.archive.script)).mode & 0o777).toBe(0o644);
  const again = await place.run('wal', 'setup', '--apply');
  expect(again).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('restart the server') });
  expect((await place.json<Setup>('wal', 'setup')).statements).toEqual([]);
});

test('after the restart the server archives there, and nothing is left to do', async () => {
  await cluster.stop();
  await cluster.start();
  const setup = await place.json<Setup>('wal', 'setup');
  expect(states(setup)).toEqual(['wal_level: fine', 'archive_mode: fine', 'archive_command: fine']);
  expect(setup).toMatchObject({ statements: [], commands: [], needsRestart: false });
  expect((await place.run('wal', 'setup')).stdout).toContain('✓ the server archives here');
  const segment = await cluster.psql('SELECT pg_walfile_name(pg_switch_wal())');
  await vi.waitUntil(async () => (await readdir(setup.archive.folder)).includes(segment), patience);
});

test('G12: a server that is another cluster than the archive’s is refused, and told so by doctor', async () => {
  const shared = { BACKUP_DIR: join(place.folder, 'shared') };
  await using other = await startCluster({ initdbArgs: ['--wal-segsize=1'] });
  await backUpBase(other, shared.BACKUP_DIR);
  const words = /base backup base_\d+_\d+ is of the cluster with system identifier \d+, the server's is \d+/;
  const refused = await place.start(['wal', 'setup', '--apply', '--force'], shared);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(words) });
  expect(existsSync(walLayout(shared.BACKUP_DIR).wal)).toBe(false);
  const looked = await place.start(['wal', 'setup'], shared);
  expect(looked).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(words) });
  expect((await place.start(['doctor'], shared)).stdout).toMatch(words);
});

test('a script that was changed is put back by --apply', async () => {
  const { script } = walLayout(backupDir);
  await writeFile(script, 'exit 0');
  expect((await place.json<Setup>('wal', 'setup')).commands).toHaveLength(3);
  expect((await place.json<Setup>('wal', 'setup', '--apply')).commands).toEqual([]);
  expect((await stat(script)).size).toBeGreaterThan(1000);
});

test('a server that is not known to be on this host is refused', async () => {
  await cluster.psql('CREATE ROLE nobody_special LOGIN');
  const env = { PGHOST: '127.0.0.1', PGUSER: 'nobody_special' };
  const refused = await place.start(['wal', 'setup'], env);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toMatch(/not known to run on this host: .*data_directory/);
  const elsewhere = 'version: 1\nclusters: { far: { host: far-away, connection: { host: far } } }\n';
  await writeFile(join(place.folder, 'holdfast.yaml'), elsewhere);
  const far = await place.run('wal', 'setup', 'far');
  expect(far).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('its host is far-away') });
});

test.skipIf(!isRoot)(
  'an archive that the server’s OS user can’t reach is refused, told which way',
  async () => {
    const hidden = join(place.folder, 'data');
    const refused = await place.start(['wal', 'setup', '--apply', '--force'], { BACKUP_DIR: hidden });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/let \S+ pass through every folder above/);
    expect(await cluster.psql('SHOW archive_command')).toContain('100%%');
  },
);

test.skipIf(isRoot)('where only root could give the folder away, it is told what to do', async () => {
  const layout = walLayout(join(scratchFolder(), 'backups'));
  const account = { uid: 12_345, gid: 12_345, name: 'somebody' };
  await expect(prepareArchive(layout, layout.root, account)).rejects.toMatchObject({
    type: 'RepositoryNotWritable',
    remedy: expect.stringContaining('as root'),
  });
  expect(existsSync(layout.root)).toBe(false);
});
