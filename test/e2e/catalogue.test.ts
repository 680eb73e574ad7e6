import { copyFile, open, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '../../src/cli/catalogue/read-catalogue.js';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupMetadata, BackupSummary } from '../../src/domain/backup/metadata.js';
import { formatTimestamp, fullBackupId } from '../../src/domain/backup/names.js';
import { writeMetadataDocument } from '../../src/repository/metadata-document.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace } from '../support/holdfast.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';

interface Plan {
  dryRun: boolean;
  expire: { id: string; because: string }[];
  keep: { id: string; because: string }[];
}

const dayMs = 24 * 60 * 60 * 1000;
let cluster: Cluster;
let place: ServedWorkplace;
let real: FullBackupResult;

beforeAll(async () => {
  cluster = await startCluster();
  place = await createServedWorkplace(cluster.env);
  await cluster.createDatabase('shop');
  await cluster.psql(
    'CREATE TABLE trades AS SELECT generate_series(1, 1234) AS id; CREATE TABLE clients (id int)',
    'shop',
  );
  real = await place.json<FullBackupResult>('backup', 'shop');
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test('an empty repository has nothing to list, verify or expire, and that is no error', async () => {
  await using empty = await createWorkplace({});
  expect(await empty.run('list')).toMatchObject({
    exitCode: 0,
    stdout: `no backups in ${empty.backupDir}`,
  });
  expect(await empty.json('list')).toEqual({ backups: [], broken: [] });
  expect(await empty.run('verify', '--all')).toMatchObject({
    exitCode: 0,
    stdout: '0 of 0 backups verified',
  });
  expect(await empty.run('expire')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^no backups in \//),
  });
  expect((await empty.run('expire', 'nope')).stdout).toMatch(/^no backups of nope in \//);
  expect(await empty.run('show', 'shop_full_20250101_000000')).toMatchObject({ exitCode: 1, stdout: '' });
});

test('list tells all of each backup, newest first, and with --limit the newest only', async () => {
  const [older, oldest] = [await addOld('shop', 2), await addOld('shop', 3)];
  const other = await addOld('archive', 1);
  const { backups } = await place.json<{ backups: BackupSummary[] }>('list');
  expect(backups.map(({ id }) => id)).toEqual([real.backup.id, other, older, oldest]);
  expect(backups[0]).toEqual({
    id: real.backup.id,
    cluster: 'default',
    database: 'shop',
    takenAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    sizeBytes: (await readFile(real.path)).length,
    durationSeconds: expect.any(Number),
    compression: 'gzip',
    checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    verifiedAt: expect.stringMatching(/Z$/),
    pgVersion: expect.stringMatching(/^15\./),
    file: `full/${real.backup.id}.sql.gz`,
    databaseSizeBytes: expect.any(Number),
    uncompressedBytes: expect.any(Number),
    kept: null,
  });
  const limited = await place.json<{ backups: BackupSummary[] }>('list', '--limit', '2');
  expect(limited.backups.map(({ id }) => id)).toEqual([real.backup.id, other]);
  const ofShop = await place.run('list', 'shop', '--limit', '2');
  expect(ofShop.stdout.split('\n').map((line) => line.split(/\s+/)[0])).toEqual([
    'ID',
    real.backup.id,
    older,
  ]);
});

test('list --since and --until take a time with its offset, or how long ago it was', async () => {
  const [older, oldest] = [await addOld('spans', 2), await addOld('spans', 4)];
  const ids = async (...args: string[]) => {
    const { backups } = await place.json<{ backups: BackupSummary[] }>('list', 'spans', ...args);
    return backups.map(({ id }) => id);
  };
  expect(await ids('--since', '3 days ago')).toEqual([older]);
  expect(await ids('--until', '3 days ago')).toEqual([oldest]);
  expect(await ids('--until', new Date().toISOString().replace(/\.\d+/, ''))).toEqual([older, oldest]);
  expect(await ids('--since', '5 days ago', '--until', '3 days ago', '--limit', '1')).toEqual([oldest]);
  expect(await place.run('list', 'spans', '--since', '1 hour ago')).toMatchObject({
    exitCode: 0,
    stdout: `no backups of spans of that time in ${place.backupDir}`,
  });
  const info = await place.json<{ backups: BackupSummary[] }>('info', 'spans', '--since', '3 days ago');
  expect(info.backups.map(({ id }) => id)).toEqual([older]);
});

test('show --tables prints the rows of every table', async () => {
  const { stdout } = await place.run('show', '--tables', real.backup.id);
  expect(stdout).toMatch(/^public\.trades +1,234$/m);
  expect(stdout).toMatch(/^public\.clients +0$/m);
  expect((await place.run('show', real.backup.id)).stdout).not.toContain('public.trades');
});

test('latest and oldest are backups of the database named with them', async () => {
  const oldest = await addOld('shop', 9);
  const name = async (...args: string[]) => (await place.json<BackupMetadata>('show', ...args)).backup_file;
  expect(await name('latest', 'shop')).toBe(`${real.backup.id}.sql.gz`);
  expect(await name('oldest', 'shop')).toBe(`${oldest}.sql.gz`);
  expect(await place.run('list', 'nobody')).toMatchObject({
    stdout: `no backups of nobody in ${place.backupDir}`,
  });
});

test('a backup of shell scripts, with nine fields of metadata, is listed, shown and verified', async () => {
  const id = await addOld('scripts', 1, { nineFields: true });
  const { backups } = await place.json<{ backups: BackupSummary[] }>('list', 'scripts');
  expect(backups).toMatchObject([{ id, verifiedAt: null, sizeBytes: real.backup.sizeBytes }]);
  expect((await place.run('show', id)).stdout).toMatch(/^PostgreSQL +15$/m);
  const verified = await place.run('verify', id);
  expect(verified).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('no row counts to compare'),
  });
});

test('verify --all names the one file with a flipped bit, and verifies the others still', async () => {
  const id = await addOld('flipped', 1);
  await flipBit(join(place.backupDir, 'full', `${id}.sql.gz`));
  const { exitCode, stdout, stderr } = await place.run('verify', '--all');
  expect(exitCode).toBe(5);
  expect(stderr).toMatch(new RegExp(`^✗ ${id}: `, 'm'));
  expect(stderr.match(/✗/g)).toHaveLength(1);
  const { backups } = await place.json<{ backups: BackupSummary[] }>('list');
  expect(stdout.match(/^✓ /gm)).toHaveLength(backups.length - 1);
  expect(stdout).toContain(`${backups.length - 1} of ${backups.length} backups verified`);

  const one = await place.start(['--json', 'verify', id]);
  expect(one.exitCode).toBe(5);
  expect(JSON.parse(one.stdout)).toEqual([{ id, ok: false, problem: expect.any(String) }]);
});

test('expire --dry-run tells the reasons and removes nothing; expire removes, but never the newest verified', async () => {
  const scripts = [
    await addOld('legacy', 40, { nineFields: true }),
    await addOld('legacy', 50, { nineFields: true }),
  ];
  const verified = [await addOld('legacy', 60), await addOld('legacy', 70)];
  const before = await files();
  const dry = await place.run('expire', 'legacy', '--dry-run');
  expect(dry.exitCode).toBe(0);
  expect(dry.stdout).toMatch(new RegExp(`^would expire +${scripts[1]} +older than 30 days$`, 'm'));
  expect(dry.stdout).toMatch(new RegExp(`^kept +${scripts[0]} +among the 1 newest of the database$`, 'm'));
  expect(dry.stdout).toMatch(
    new RegExp(`^kept +${verified[0]} +the newest verified backup of the database$`, 'm'),
  );
  expect(await files()).toEqual(before);

  const plan = await place.json<Plan>('expire', 'legacy', '--keep-last', '2');
  expect(plan.dryRun).toBe(false);
  expect(plan.expire.map(({ id }) => id)).toEqual([verified[1]]);
  expect(await files()).toEqual(before.filter((file) => !file.startsWith(String(verified[1]))));

  const rest = await place.json<Plan>('expire', 'legacy');
  expect(rest.expire.map(({ id }) => id)).toEqual([scripts[1]]);
  expect(rest.keep.map(({ id }) => id).sort()).toEqual([scripts[0], verified[0]].sort());
});

test('a backup that is kept by hand outlasts retention until it is released, and every list says so', async () => {
  const [id, other] = [await addOld('dear', 40, { nineFields: true }), await addOld('dear', 50)];
  await addOld('dear', 1);
  const { stdout } = await place.run('keep', 'oldest', 'dear', '--reason', 'before the\nmigration');
  expect(stdout).toBe(`✓ kept ${other}: it stays, whatever its age, until it is released`);
  const second = await place.run(
    'keep',
    join(place.backupDir, 'full', `${other}.sql.gz`),
    '--reason',
    'audit',
  );
  const by = `by ${userInfo().username}@${hostname()}`;
  expect(second.stderr).toBe(`until now it was kept ${by}: before the\\nmigration`);
  const listed = (await place.run('list', 'dear')).stdout;
  expect(listed).toMatch(new RegExp(`^${other} .* yes +yes$`, 'm'));
  expect(listed).toContain(`\n${other} is kept ${by}: audit`);
  expect((await place.run('show', other)).stdout).toMatch(
    new RegExp(`^kept +${by}: audit, since 20.*Z$`, 'm'),
  );

  const plan = await place.json<Plan>('expire', 'dear', '--dry-run');
  expect(plan.keep).toContainEqual({ id: other, because: `kept ${by}: audit` });
  expect((await place.json<Plan>('expire', 'dear')).expire.map((one) => one.id)).toEqual([id]);
  const { backups } = await place.json<Catalogue>('list', 'dear');
  expect(backups.map(({ kept }) => kept?.reason)).toEqual([undefined, 'audit']);

  expect(await place.run('release', other)).toMatchObject({
    exitCode: 0,
    stdout: `✓ released ${other}: it goes by retention again`,
    stderr: `until now it was kept ${by}: audit`,
  });
  const again = { exitCode: 0, stdout: `✓ ${other} was not kept`, stderr: '' };
  expect(await place.run('release', other)).toEqual(again);
  expect((await place.run('list', 'dear')).stdout).not.toContain('KEPT');
  expect((await place.json<Plan>('expire', 'dear')).expire.map((one) => one.id)).toEqual([other]);
});

test('what can’t be kept is refused, with what to do instead; a damaged backup is named by its id', async () => {
  const outside = join(place.folder, `${real.backup.id}.sql.gz`);
  await copyFile(real.path, outside);
  await copyFile(real.path.replace('.sql.gz', '.meta'), outside.replace('.sql.gz', '.meta'));
  await copyFile(
    real.path.replace('.sql.gz', '.globals.sql.gz'),
    outside.replace('.sql.gz', '.globals.sql.gz'),
  );
  for (const [reference, exitCode, words] of [
    ['base_20260102_030000', 2, /base backups go by WAL_RETENTION_DAYS.*\n.*copy its folder elsewhere/],
    [outside, 2, /it is outside the repository /],
    ['shop_full_20000101_000000', 1, /there is none in .*\n.*newest of that database: shop_full_/],
    ['latest', 1, /more than one database: name one/],
  ] as const) {
    const { stderr, ...end } = await place.run('keep', reference);
    expect(end).toEqual({ exitCode, stdout: '' });
    expect(stderr).toMatch(words);
  }
  const id = await addOld('hurt', 1);
  await writeFile(join(place.backupDir, 'full', `${id}.meta`), '');
  expect(await place.run('keep', id)).toMatchObject({ exitCode: 0 });
  expect(await place.json('release', id)).toMatchObject({ id, kept: null, before: { reason: null } });
  await rm(join(place.backupDir, 'full', `${id}.meta`));
});

test('a backup applies retention to its own database, with --keep-last keeping more', async () => {
  const old = [await addOld('shop', 40), await addOld('shop', 50)];
  const other = await addOld('archive', 40);
  const careful = await place.json<FullBackupResult>('backup', 'shop', '--keep-last', '100');
  expect(careful.expired).toEqual([]);
  const kept = await addOld('shop', 60);
  await place.json('keep', kept);
  const { expired, expiredCount } = await place.json<FullBackupResult>('backup', 'shop');
  expect({ expired, expiredCount }).toEqual({ expired: old, expiredCount: 2 });
  const left = await files();
  expect(left.filter((file) => old.some((id) => file.startsWith(id)))).toEqual([]);
  expect(left).toContain(`${other}.meta`);
  expect(left).toContain(`${kept}.meta`);
});

test('a backup that fails removes nothing', async () => {
  await addOld('vanished', 40);
  await addOld('vanished', 50);
  const before = await files();
  expect(await place.run('backup', 'vanished')).toMatchObject({ exitCode: 3 });
  expect(await files()).toEqual(before);
});

/** Puts a backup of `days` ago into the repository, with the bytes of the real one. Returns its id. */
async function addOld(database: string, days: number, { nineFields = false } = {}): Promise<string> {
  const takenAt = new Date(Date.parse(real.backup.takenAt) - days * dayMs);
  const timestamp = formatTimestamp(takenAt);
  const id = fullBackupId(database, timestamp);
  const full = join(place.backupDir, 'full');
  await copyFile(real.path, join(full, `${id}.sql.gz`));
  await utimes(join(full, `${id}.sql.gz`), takenAt, takenAt);
  const { metadata_checksum: _, ...metadata } = JSON.parse(
    await readFile(join(full, `${real.backup.id}.meta`), 'utf8'),
  ) as BackupMetadata & { metadata_checksum: string };
  const names = { backup_file: `${id}.sql.gz`, database, timestamp };
  const text = nineFields
    ? JSON.stringify({
        ...names,
        size_bytes: String(metadata.size_bytes),
        size_human: '142M',
        duration_seconds: 1,
        pg_version: '15',
        checksum: metadata.checksum,
        compression_level: 6,
      })
    : writeMetadataDocument({ ...metadata, ...names, globals_file: null, globals_checksum: null });
  await writeFile(join(full, `${id}.meta`), text);
  return id;
}

async function flipBit(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const position = Math.floor((await file.stat()).size / 2);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.from([buffer.readUInt8() ^ 1]), 0, 1, position);
  await file.close();
}

async function files(): Promise<string[]> {
  return (await readdir(join(place.backupDir, 'full'))).sort();
}
