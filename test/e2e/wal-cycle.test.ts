import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Status } from '../../src/cli/status/telling.js';
import type { MonitorResult } from '../../src/domain/health/contracts.js';
import type { WalCycleResult } from '../../src/domain/wal/contracts.js';
import type { RecoverableWindow } from '../../src/domain/wal/recoverable-window.js';
import { walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { sealDocument } from '../../src/repository/metadata-document.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { giveToServer } from '../support/template-data-dir.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

let cluster: Cluster;
let temporal: TemporalServer;
let place: Workplace;
let backupDir: string;

beforeAll(async () => {
  cluster = await startCluster({
    settings: { wal_level: 'replica', archive_mode: 'on', max_wal_senders: '5' },
  });
  temporal = await startTemporal();
  // Where the server's OS user gets in.
  backupDir = join(dirname(cluster.dataDir), 'backups');
  const env = { ...cluster.env, ...temporal.env, BACKUP_DIR: backupDir, PG_BIN_DIR: cluster.binDir };
  place = await createWorkplace(env);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const cycle = async (...options: string[]) => {
  const { stdout, exitCode, stderr } = await place.run('--json', 'wal', ...options);
  expect(stdout, stderr).not.toBe('');
  return { exitCode, stderr, ...(JSON.parse(stdout) as WalCycleResult) };
};
const archived = () =>
  readdirSync(walLayout(backupDir).wal).filter((name) => /^[0-9A-F]{24}(\.zst|\.gz)?$/.test(name));

/** From when to when the cluster can be recovered to, as `holdfast info` tells. */
async function window(): Promise<RecoverableWindow> {
  const { clusters } = await place.json<{ clusters: { window: RecoverableWindow }[] }>('info');
  return clusters[0]?.window ?? { from: '', to: '', gaps: [] };
}

test('a server that does not archive yet is refused, with what to run', async () => {
  const refused = await place.run('wal');
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain('archive_command is empty');
  expect(refused.stderr).toContain('holdfast wal setup default --apply');
});

test('the first cycle awaits the last segment, takes a base backup, and finds the archive whole', async () => {
  expect(await place.run('wal', 'setup', '--apply')).toMatchObject({ exitCode: 0 });
  await cluster.psql('CREATE TABLE trades AS SELECT 1 AS id');
  const { exitCode, stdout, stderr } = await place.run('wal');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toMatch(/✓ took base backup base_\d{8}_\d{6}: there is none/);
  expect(stdout).toContain('✓ the archive of default is whole');
});

test('the next one takes none, and records what it found', async () => {
  await cluster.psql('INSERT INTO trades VALUES (2)');
  const found = await cycle();
  expect(found).toMatchObject({ exitCode: 0, base: null, warnings: [], archive: { gaps: { total: 0 } } });
  expect(archived().map((name) => name.slice(0, 24))).toContain(found.awaited);
  expect(found.compressed.segments).toBeGreaterThan(0);
  expect(found.archive.newest).toBe(found.awaited);
  expect(found.archive.remembered).toBeGreaterThan(0);
  const record = JSON.parse(await readFile(found.recordPath ?? '', 'utf8'));
  expect(record).toMatchObject({ format_version: 1, cluster: 'default', awaited: found.awaited });
});

test('with --no-switch the server goes on in its segment, and nothing is awaited', async () => {
  const segment = () => cluster.psql('SELECT pg_walfile_name(pg_current_wal_lsn())');
  // At the very beginning of a segment the server still tells the name of the one before.
  await cluster.psql('INSERT INTO trades VALUES (9)');
  const before = await segment();
  expect(await cycle('--no-switch')).toMatchObject({ exitCode: 0, awaited: null, awaitedMs: 0 });
  expect(await segment()).toBe(before);
});

test('a segment that a crashed cp left half written is told, and comes whole once it is moved away', async () => {
  await cluster.psql('INSERT INTO trades VALUES (4)');
  const name = await cluster.psql('SELECT pg_walfile_name(pg_current_wal_lsn())');
  const half = join(walLayout(backupDir).wal, name);
  writeFileSync(half, readFileSync(join(cluster.dataDir, 'pg_wal', name)).subarray(0, 5_000_000));
  await giveToServer(half);
  const told = await cycle();
  expect(told).toMatchObject({ exitCode: 5, awaited: name });
  expect(told.archive.damaged.items).toEqual([
    { file: name, why: expect.stringMatching(/5000000 bytes.*16777216/) },
  ]);
  expect(statSync(half).size).toBe(5_000_000);
  rmSync(half);
  expect(await cycle()).toMatchObject({ exitCode: 0, base: null, archive: { gaps: { total: 0 } } });
});

test('a segment that is gone is named, and a base backup makes what follows recoverable', async () => {
  const lost = (await cycle()).awaited ?? '';
  await cluster.psql('INSERT INTO trades VALUES (3)');
  await cycle();
  rmSync(join(walLayout(backupDir).wal, archived().find((name) => name.startsWith(lost)) ?? ''));
  const mended = await cycle();
  expect(mended.exitCode).toBe(5);
  expect(mended.base?.because).toMatch(/^WAL is missing since base_/);
  const [gap] = mended.archive.gaps.items;
  expect(gap).toMatchObject({ firstMissing: lost, lastMissing: lost, unrecoverableTo: expect.any(String) });
  const told = await place.run('wal', '--no-switch');
  expect(told.exitCode).toBe(5);
  expect(told.stderr).toContain(`missing: ${lost} to ${lost} (1 segment); no point from`);
});

test('info tells the base backups, and from when to when the cluster can be recovered to', async () => {
  const { stdout, stderr, exitCode } = await place.run('info');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toMatch(
    /no full backups in .*\n\nBASE BACKUP +CLUSTER +AGE +SIZE\nbase_\d{8}_\d{6} +default/,
  );
  expect(stdout).toMatch(/✓ default can be recovered to any point from 2\S+ \S+ UTC to 2\S+ \S+ UTC\n/);
  const told = await place.json<{ clusters: { window: { gaps: unknown[] }; baseBackups: unknown[] }[] }>(
    'info',
  );
  expect(told.clusters).toMatchObject([{ window: { gaps: [expect.anything()] }, baseBackups: [{}, {}] }]);
});

test('status tells the newest base backup and how far its WAL reaches', async () => {
  const { recoverable } = await place.json<Pick<Status, 'recoverable'>>('status');
  const { to } = await window();
  expect(recoverable).toMatchObject([{ cluster: 'default', walTo: to, hasGap: false }]);
  expect((await place.run('status')).stdout).toMatch(
    new RegExp(`^default  .*${recoverable[0]?.base?.id}  .*${to.slice(11, 19)} UTC$`, 'm'),
  );
});

test('G6: a time in a gap is refused with the window and the gap, and no folder is made', async () => {
  const [gap = { from: '', to: '' }] = (await window()).gaps;
  const within = new Date((Date.parse(gap.from) + Date.parse(gap.to)) / 2).toISOString();
  const dataDir = join(backupDir, '..', 'recovered');
  const refused = await place.run('restore', '--target-time', within, '--data-dir', dataDir);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain(`, but for ${gap.from} to ${gap.to}`);
  expect(existsSync(dataDir)).toBe(false);
});

test('monitor judges the archive and the server by the workflow, and remembers what it told', async () => {
  const { exitCode, stdout, stderr } = await place.run('--json', 'monitor');
  expect(stdout, stderr).not.toBe('');
  expect(exitCode).toBe(0);
  const [look] = JSON.parse(stdout) as MonitorResult[];
  const wal = look?.findings.find(({ check }) => check === 'wal_archive');
  expect(wal).toMatchObject({ state: 'warning', message: expect.stringContaining('1 gap, the first from') });
  expect(look).toMatchObject({ cluster: 'default', warnings: [], counts: { critical: 0 } });
  await temporal.stop();
  try {
    const without = await place.run('monitor');
    expect(without).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^! +wal_archive/m) });
    expect(without.stderr).toContain('looked without Temporal: connect to Temporal at');
  } finally {
    await temporal.restart();
  }
});

test('monitor: an archive that is not there is critical where the server archives into it', async () => {
  const { wal } = walLayout(backupDir);
  renameSync(wal, `${wal}.away`);
  const { stdout } = await place.run('--json', 'monitor');
  renameSync(`${wal}.away`, wal);
  const [look] = JSON.parse(stdout) as MonitorResult[];
  expect(look?.findings.find(({ check }) => check === 'wal_archive')).toMatchObject({
    state: 'critical',
    message: expect.stringContaining(`there is no folder ${wal}, into which the server archives`),
  });
});

test('C2: a base backup and a segment of the future promise nothing, and let nothing expire', async () => {
  const { from } = await window();
  const { incremental, wal } = walLayout(backupDir);
  const [newest = ''] = readdirSync(incremental)
    .filter((name) => name.startsWith('base_'))
    .sort()
    .reverse();
  const future = join(incremental, 'base_20990101_000000');
  cpSync(join(incremental, newest), future, { recursive: true });
  const path = join(future, 'base.meta');
  const { metadata_checksum: _, ...fields } = JSON.parse(readFileSync(path, 'utf8'));
  const moved = { id: 'base_20990101_000000', stopped_at: '2099-01-01T00:00:00.000Z' };
  writeFileSync(path, sealDocument({ ...fields, ...moved }));
  const last = archived().sort().at(-1) ?? '';
  utimesSync(join(wal, last), new Date('2099-01-01'), new Date('2099-01-01'));
  expect(await cycle('--no-switch')).toMatchObject({
    base: null,
    expired: { baseCount: 0, segmentCount: 0 },
  });
  const seen = await window();
  expect(seen.from).toBe(from);
  expect(Date.parse(seen.to)).toBeLessThanOrEqual(Date.now());
  rmSync(future, { recursive: true });
});

test('--base takes one although none is due', async () => {
  expect((await cycle('--base', '--no-switch')).base?.because).toBe('it was asked for');
});

test('a tablespace that the newest base backup does not know has one taken', async () => {
  const space = join(dirname(cluster.dataDir), 'space');
  await mkdir(space);
  await giveToServer(space);
  await cluster.psql(`CREATE TABLESPACE fast LOCATION '${space}'`);
  expect((await cycle('--no-switch')).base?.because).toMatch(/^the tablespace fast is younger than base_/);
  expect((await cycle('--no-switch')).base).toBeNull();
});
