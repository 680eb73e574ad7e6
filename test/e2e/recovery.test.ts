import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WaitingRun } from '../../src/cli/approval/waiting-runs.js';
import { decidingStep } from '../../src/domain/approval/contracts.js';
import type { RecoveryResult } from '../../src/domain/recovery/contracts.js';
import { stopServer } from '../../src/postgres/recovery/postmaster.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { serverUser } from '../support/server-user.js';
import { giveToServer } from '../support/template-data-dir.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';
import { untilWaiting } from '../support/until-waiting.js';

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
  const names = await readdir(join(folders, 'promoted'));
  expect(names.filter((name) => /^(recovery|holdfast|postmaster)/.test(name))).toEqual([]);
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

/** Waits until a recovery into that folder waits for people. */
const untilShown = (name: string) => untilWaiting(temporal.client, join(folders, name));

describe('over a stopped cluster', () => {
  const inFolder = async (begin: string) =>
    (await readdir(folders)).filter((name) => name.startsWith(begin)).sort();

  beforeAll(async () => {
    await execa('cp', ['-a', join(folders, 'promoted'), join(folders, 'main')]);
  });

  test('it stays until the recovered one is proven and approved, and is kept under another name', async () => {
    const before = await stat(join(folders, 'main'));
    const recovering = place.start(['restore', '--target-time', quiet, '--data-dir', join(folders, 'main')]);
    await untilShown('main');
    const waiting = await place.json<WaitingRun[]>('approvals');
    expect(waiting).toMatchObject([{ status: { target: join(folders, 'main'), step: decidingStep } }]);
    expect(await stat(join(folders, 'main'))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    const other = await place.run('approve', join(folders, 'main'), '--evidence', 'f'.repeat(64));
    expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('other evidence') });
    const shown = other.stderr.replace(/\s+/g, ' ');
    for (const part of [
      'the same cluster as was backed up',
      'shut down',
      'last checkpoint',
      'every byte verified',
    ])
      expect(shown).toContain(part);

    expect(await place.run('approve', join(folders, 'main'), '--reason', 'seen')).toMatchObject({
      exitCode: 0,
    });
    const { exitCode, stdout, stderr } = await recovering;
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const [, previous = ''] = await inFolder('main');
    expect(await inFolder('main')).toEqual(['main', expect.stringMatching(/^main__before_\d{8}_\d{6}$/)]);
    expect((await stat(join(folders, previous))).ino).toBe(before.ino);
    expect(stdout).toContain(`mv ${join(folders, previous)} ${join(folders, 'main')}`);
    expect(stdout).toMatch(/database {2}shop, 0 tables/);
    expect(await readdir(join(folders, 'main'))).not.toContain('holdfast_recovering');
  });

  test('rejected, it stays, and what was recovered beside it goes', async () => {
    const names = await inFolder('main');
    const before = await stat(join(folders, 'main'));
    const recovering = place.start([
      ...['restore', '--target-time', quiet, '--target-action', 'pause'],
      ...['--data-dir', join(folders, 'main')],
    ]);
    await untilShown('main');
    const [beside = ''] = await inFolder('main.recovering');
    expect(await readdir(join(folders, beside))).toContain('postmaster.pid');
    expect(await place.run('reject', join(folders, 'main'), '--reason', 'not today')).toMatchObject({
      exitCode: 0,
    });
    expect(await recovering).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('not today') });
    expect(await inFolder('main')).toEqual(names);
    expect((await stat(join(folders, 'main'))).ino).toBe(before.ino);
  });

  test('one that was started since it was shown is not what people agreed to lose', async () => {
    const dataDir = join(folders, 'main');
    const recovering = place.start(['restore', '--target-time', quiet, '--data-dir', dataDir]);
    await untilShown('main');
    const options = `-c archive_mode=off -c listen_addresses= -k ${folders} -p 54321`;
    const run = (...args: string[]) =>
      execa(join(cluster.binDir, 'pg_ctl'), ['-D', dataDir, '-w', ...args], {
        ...serverUser(),
        cwd: '/',
        stdio: 'ignore',
      });
    await run('-o', options, 'start');
    await run('stop');
    expect(await place.run('approve', dataDir, '--reason', 'seen')).toMatchObject({ exitCode: 1 });
    expect(await recovering).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('went on since it was shown'),
    });
    expect(await inFolder('main.recovering')).toEqual([]);
    expect(await readdir(dataDir)).not.toContain('holdfast_recovering');
  });

  test('with --yes the requester approves; a crash between the renames is finished by the next command', async () => {
    const asked = [
      ...['--json', 'restore', '--target-time', beforeTheMistake, '--target-action', 'shutdown', '--yes'],
      ...['--amcheck', '--data-dir', join(folders, 'main')],
    ];
    const doomed = await place.start(asked, { HOLDFAST_FAILPOINT: 'exchange:between' });
    expect(doomed.signal).toBe('SIGKILL');
    expect(await inFolder('main')).not.toContain('main');
    let again = await place.run(...asked);
    // Temporal takes a while to notice that nobody works on it.
    while (again.exitCode === 7) again = await place.run(...asked);
    const { exitCode, stdout, stderr } = again;
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('resuming') });
    // One that waits at its target is shut down there.
    const result = JSON.parse(stdout) as RecoveryResult;
    expect(result).toMatchObject({
      ...{
        server: null,
        control: { state: 'shut down in recovery' },
        databases: [{ name: 'shop', tables: 1 }],
      },
      approval: { outcome: 'approved' },
      // It is read only there, and nobody had installed the extension.
      amcheck: {
        checked: 0,
        skipped: expect.arrayContaining([expect.objectContaining({ database: 'shop' })]),
      },
    });
    expect(result.previous).not.toBeNull();
    expect(result.warnings.join()).toContain('pg_amcheck did not check shop');
    const { digest, evidence } = JSON.parse(await readFile(result.evidence?.path ?? '', 'utf8'));
    expect(digest).toBe(result.evidence?.digest);
    expect(evidence).toMatchObject({ standing: { isSameCluster: true, state: 'shut down' } });
  });

  test('on which a server runs it is refused at once, and so is --yes where the policy bars it', async () => {
    const running = await place.run(
      'restore',
      '--target-time',
      quiet,
      '--data-dir',
      cluster.dataDir,
      '--yes',
    );
    expect(running).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('a server runs on it') });
    const settings = 'clusters: {default: {databases: {shop: {approval: {protected: true}}}}}\n';
    await writeFile(join(place.folder, 'strict.yaml'), settings);
    const barred = await place.run(
      '-c',
      'strict.yaml',
      ...['restore', '--target-time', quiet, '--yes'],
      '--data-dir',
      join(folders, 'main'),
    );
    expect(barred).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('the target is protected') });
    expect(await inFolder('main.recovering')).toEqual([]);
  });
});

test('G6: a segment that is missing is told by the time it makes unrecoverable, before anything is unpacked', async () => {
  const wal = join(place.env.BACKUP_DIR ?? '', 'incremental', 'wal');
  const segments = (await readdir(wal)).filter((name) => /^[0-9A-F]{24}(\.(zst|gz))?$/.test(name)).sort();
  const [last = ''] = segments.slice(-1);
  await rename(join(wal, last), join(wal, '.away'));
  try {
    const refused = await recover('main', '--target-time', quiet, '--yes');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/what can be recovered to is from 20.*Z to 20.*Z/);
  } finally {
    await rename(join(wal, '.away'), join(wal, last));
  }
});

test('a preview tells what would become of the folder, and touches nothing', async () => {
  const names = await readdir(folders);
  const { exitCode, stdout } = await recover('main', '--preview', '--target-time', quiet);
  expect(exitCode).toBe(0);
  for (const part of [
    'main is a stopped cluster of PostgreSQL',
    'wait for approval by one person',
    'nothing was touched',
    `free in ${folders}, before WAL`,
  ])
    expect(stdout).toContain(part);
  const fresh = await recover('fresh', '--preview', '--target-time', quiet);
  expect(fresh.stdout).toContain('does not exist');
  const mixed = await recover('main', '--target-time', quiet, '--in-place');
  expect(mixed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--in-place') });
  expect(await readdir(folders)).toEqual(names);
});

test('what was recovered is checked by pg_amcheck and asked the assertions; one that does not hold ends it with 5', async () => {
  const settings = (least: number) =>
    `clusters: {default: {databases: {shop: {assertions: [{name: enough, sql: SELECT count(*) >= ${least} FROM trades}]}}}}\n`;
  await writeFile(join(place.folder, 'holds.yaml'), settings(101));
  await writeFile(join(place.folder, 'fails.yaml'), settings(102));
  const asked = ['restore', '--target-time', beforeTheMistake, '--amcheck', '--data-dir'];
  const good = await place.run('-c', 'holds.yaml', ...asked, join(folders, 'holds'));
  expect(good).toMatchObject({ exitCode: 0 });
  expect(good.stdout).toContain('holds     1 assertion');
  expect(good.stdout).toMatch(/amcheck {3}nothing wrong in 3 databases/);
  const bad = await place.run('-c', 'fails.yaml', ...asked, join(folders, 'fails'));
  expect(bad).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('"shop: enough": found f') });
  expect(await readdir(join(folders, 'fails'))).toEqual([]);
});

test('a tablespace needs a folder where the one it was in holds something, and is there in it', async () => {
  const was = join(dirname(cluster.dataDir), 'space');
  await mkdir(was);
  await giveToServer(was);
  await cluster.psql(`CREATE TABLESPACE fast LOCATION '${was}'`);
  await cluster.psql('CREATE TABLE quick TABLESPACE fast AS SELECT 42 AS answer', 'shop');
  expect(await place.run('wal', '--base')).toMatchObject({ exitCode: 0 });
  const refused = await recover('spaced', '--target-immediate');
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`--tablespace ${was}=FOLDER`),
  });
  const unknown = await recover('spaced', '--target-immediate', '--tablespace', 'slow=/nowhere');
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`"fast" in ${was}`) });
  expect(await readdir(folders)).not.toContain('spaced');
  const moved = ['--tablespace', `${was}=${join(folders, 'fast')}`, '--target-action', 'pause'];
  const { exitCode, stdout, stderr } = await place.run(
    ...['--json', 'restore', '--target-immediate', '--data-dir', join(folders, 'spaced'), ...moved],
  );
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const { server, tablespaces } = JSON.parse(stdout) as RecoveryResult;
  expect(tablespaces).toEqual([join(folders, 'fast')]);
  expect(await readdir(join(folders, 'fast'))).toEqual([expect.stringMatching(/^PG_/)]);
  const at = ['-h', server?.socketDir ?? '', '-p', String(server?.port), '-U', server?.role ?? ''];
  const answer = await execa(join(cluster.binDir, 'psql'), [
    '-XAtq',
    ...at,
    '-d',
    'shop',
    '-c',
    'TABLE quick',
  ]);
  expect(answer.stdout).toBe('42');
});
