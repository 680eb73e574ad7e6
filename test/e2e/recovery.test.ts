import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecoveryResult } from '../../src/domain/recovery-contracts.js';
import { stopServer } from '../../src/postgres/recovery/postmaster.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { giveToServer } from '../support/template-data-dir.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

let cluster: Cluster;
let temporal: TemporalServer;
let place: Workplace;
/** Belongs to the server's account. */
let folders: string;
let beforeTheMistake: string;
/** When nothing was committed any more, before the archive's last segment was completed. */
let quiet: string;

beforeAll(async () => {
  cluster = await startCluster({
    settings: { wal_level: 'replica', archive_mode: 'on', max_wal_senders: '5' },
  });
  temporal = await startTemporal();
  const backupDir = join(dirname(cluster.dataDir), 'backups');
  const env = { ...cluster.env, ...temporal.env, BACKUP_DIR: backupDir, PG_BIN_DIR: cluster.binDir };
  place = await createWorkplace(env);
  folders = join(dirname(cluster.dataDir), 'recovered');
  await mkdir(folders);
  await giveToServer(folders);
  await cluster.createDatabase('shop');
  await cluster.psql('CREATE TABLE trades AS SELECT generate_series(1, 100) AS id', 'shop');
  await place.run('wal', 'setup', '--apply');
  expect(await place.run('wal')).toMatchObject({ exitCode: 0 });
  await cluster.psql('INSERT INTO trades VALUES (101)', 'shop');
  await delay(50);
  beforeTheMistake = await cluster.psql(`SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'`);
  await delay(50);
  await cluster.psql('DROP TABLE trades', 'shop');
  await delay(1100);
  quiet = await cluster.psql(`SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'`);
  await delay(50);
  expect(await place.run('wal')).toMatchObject({ exitCode: 0 });
});

afterAll(async () => {
  for (const name of await readdir(folders)) await stopServer(join(folders, name));
  await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const recover = (name: string, ...options: string[]) =>
  place.run('restore', '--data-dir', join(folders, name), ...options);

test('a table dropped by mistake is there again in a cluster of the instant before, in a folder of its own', async () => {
  const { exitCode, stdout, stderr } = await place.run(
    ...['--json', 'restore', '--target-time', beforeTheMistake, '--target-action', 'pause'],
    ...['--data-dir', join(folders, 'paused'), '--reason', 'dropped'],
  );
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const result = JSON.parse(stdout) as RecoveryResult;
  expect(result).toMatchObject({
    ...{ cluster: 'default', action: 'pause', reason: 'dropped', timeline: 1 },
    stopReason: expect.stringMatching(/^before commit of transaction \d+/),
    control: { state: 'in archive recovery' },
    databases: [{ name: 'shop', tables: 1 }],
  });
  const { socketDir = '', port = 0, role = '' } = result.server ?? {};
  const args = ['-XAtq', '-h', socketDir, '-p', String(port), '-U', role, '-d', 'shop'];
  const ask = (sql: string) => execa(join(cluster.binDir, 'psql'), [...args, '-c', sql]);
  // The lock of the transaction that dropped it was replayed, its commit was not.
  await ask('SELECT pg_promote()');
  expect((await ask('SELECT count(*) FROM trades')).stdout).toBe('101');
  expect(await cluster.psql("SELECT to_regclass('trades') IS NULL", 'shop')).toBe('t');
});

test('by default the cluster is promoted, looked into and stopped, and what to do next is told', async () => {
  const { exitCode, stdout, stderr } = await recover('promoted', '--target-time', beforeTheMistake);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toContain('✓ recovered default to ');
  expect(stdout).toMatch(/timeline {2}2\n/);
  expect(stdout).toMatch(/database {2}shop, 1 table/);
  expect(stdout).toContain(`pg_ctl -D ${join(folders, 'promoted')} start`);
  expect(await readdir(join(folders, 'promoted'))).not.toContain('postmaster.pid');
});

test('a time at which nothing was committed any more is recovered to, since the cycle commits after it', async () => {
  const { exitCode, stdout, stderr } = await recover('quiet', '--target-time', quiet);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toMatch(/database {2}shop, 0 tables/);
});

test('a target that is not in the archive is told by how far it goes, and leaves the folder as empty as it was', async () => {
  const refused = await recover('early', '--target-name', 'never made');
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toContain('recovery ended before configured recovery target was reached');
  expect(await readdir(join(folders, 'early'))).toEqual([]);
});

test.each<[string, string[], number, RegExp]>([
  ['a time without an offset (C3)', ['--target-time', '2026-03-29 02:30:00'], 2, /no offset from UTC/],
  ['more than one target', ['--target-immediate', '--target-xid', '7'], 2, /more than one target/],
  ['a time before the first base backup', ['--target-time', '2020-01-01T00:00Z'], 2, /from 20.*Z to 20.*Z/],
  [
    'a time after the last of the archive (G9)',
    ['--target-time', '2199-01-01T00:00Z'],
    2,
    /from 20.*Z to 20.*Z/,
  ],
  [
    'a base backup that is not there',
    ['--target-immediate', '--base', 'base_20200101_000000'],
    1,
    /no base backup/,
  ],
])('%s is refused, and no folder is made', async (_, options, exitCode, words) => {
  const refused = await recover('refused', ...options);
  expect(refused).toMatchObject({ exitCode, stdout: '' });
  expect(refused.stderr).toMatch(words);
  expect(await readdir(folders)).not.toContain('refused');
});

test('a folder that holds anything is not touched', async () => {
  await mkdir(join(folders, 'full'));
  await writeFile(join(folders, 'full', 'precious'), '');
  const refused = await recover('full', '--to', '1 second ago');
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('"precious"') });
  expect(await readdir(join(folders, 'full'))).toEqual(['precious']);
});
