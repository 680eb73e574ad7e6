import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MonitorResult } from '../../src/domain/health/contracts.js';
import type { CheckName } from '../../src/domain/health/finding.js';
import { lookAtDisk } from '../../src/monitoring/gather-facts.js';
import { monitorOnce } from '../../src/monitoring/monitor-once.js';
import { createRepository, type GeneratedRepository } from './repository.js';

const hourMs = 60 * 60 * 1000;
const ago = (hours: number) => new Date(Date.now() - hours * hourMs);

let repository: GeneratedRepository;

beforeEach(async () => {
  repository = await createRepository();
});

afterEach(() => repository[Symbol.asyncDispose]());

async function look(env: Record<string, string> = {}, file?: string): Promise<MonitorResult> {
  const config = await repository.config(env, file);
  const cluster = config.clusters.default;
  if (!cluster) throw new Error('there is no default cluster');
  const { signal } = new AbortController();
  return monitorOnce({ config, cluster, stateDir: repository.stateDir, withServer: false, signal });
}

const wrongIn = ({ findings }: MonitorResult) =>
  findings
    .filter(({ state }) => state === 'critical' || state === 'warning')
    .map(({ check, database, state }) => [check, database, state]);
const messageOf = ({ findings }: MonitorResult, wanted: CheckName, of = '') =>
  findings.find(({ check, database }) => check === wanted && database === of)?.message;

/** One bit, its file's size and time as they were. */
function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test('a young and whole backup is well', async () => {
  await repository.add('shop', ago(1));
  expect(wrongIn(await look())).toEqual([]);
});

test('what is kept by hand is counted as a backup, and for the forecast of the disk apart', async () => {
  await repository.add('shop', ago(1));
  const id = await repository.add('shop', ago(100));
  const { size } = statSync(repository.path(id));
  writeFileSync(repository.path(id, '.keep'), '');
  const { default: cluster } = (await repository.config()).clusters;
  if (!cluster) throw new Error('there is no default cluster');
  const { disk, backups } = await lookAtDisk(cluster, new Date());
  expect({ disk, backups }).toMatchObject({ disk: { keptBytes: size }, backups: 2 });
  expect(disk.catalogueBytes).toBeGreaterThan(size);
  expect(wrongIn(await look())).toEqual([]);
});

test('a repository that is missing, empty, or holds something else is critical', async () => {
  await repository.add('shop', ago(1));
  expect(wrongIn(await look())).toEqual([]);
  await rename(repository.root, `${repository.root}.away`);
  const absent = await look();
  expect(wrongIn(absent)).toEqual([['repository', '', 'critical']]);
  expect(messageOf(absent, 'repository')).toContain('no such folder');
  // As a mount point without its disk.
  await mkdir(join(repository.root, 'lost+found'), { recursive: true });
  expect(messageOf(await look(), 'repository')).toContain('neither full/ nor incremental/');
  expect(await readdir(repository.root)).toEqual(['lost+found']);
});

test('a repository that a backup made on the mount point of another is not taken for it', async () => {
  await repository.add('shop', ago(30));
  await look();
  await rename(repository.root, `${repository.root}.disk`);
  await mkdir(join(repository.root, 'full'), { recursive: true });
  await repository.add('shop', ago(0.1));
  const other = await look();
  expect(wrongIn(other)).toEqual([['repository', '', 'critical']]);
  const remedy = other.findings[0]?.remedy ?? '';
  expect(remedy).toContain('if this is the repository from now on, remove ');
  await rm(remedy.split('remove ')[1] ?? '');
  expect(wrongIn(await look())).toEqual([]);
  await rm(repository.root, { recursive: true });
  await rename(`${repository.root}.disk`, repository.root);
  expect(messageOf(await look(), 'repository')).toContain('not the repository that was seen there before');
});

test('what can’t be read is critical', async () => {
  await rm(join(repository.root, 'full'), { recursive: true });
  await writeFile(join(repository.root, 'full'), 'no folder');
  expect(wrongIn(await look())).toEqual([['repository', '', 'critical']]);
});

test('an old backup, one dated in the future, and a database that is named and has none are critical', async () => {
  await repository.add('shop', ago(26));
  await repository.add('later', ago(-48));
  const file = 'clusters: { default: { databases: { orders: {} } } }';
  expect(wrongIn(await look({}, file)).filter(([check]) => check === 'backup_age')).toEqual([
    ['backup_age', 'later', 'critical'],
    ['backup_age', 'orders', 'critical'],
    ['backup_age', 'shop', 'critical'],
  ]);
});

test('C2: one dated in the future neither hides that the newest is stale nor counts as one', async () => {
  await repository.add('shop', ago(30));
  await repository.add('shop', ago(-48));
  const found = await look();
  expect(wrongIn(found)).toEqual([['backup_age', 'shop', 'critical']]);
  expect(messageOf(found, 'backup_age', 'shop')).toMatch(/is 1d 6h old$/);
});

test.each([
  ['artifact', 'flipped'],
  ['artifact', 'truncated'],
  ['artifact', 'emptied'],
  ['metadata', 'flipped'],
  ['metadata', 'truncated'],
  ['metadata', 'emptied'],
])('K1: an %s that was %s is critical', async (what, how) => {
  const id = await repository.add('shop', ago(1));
  await repository.add('shop', ago(2));
  const path = repository.path(id, what === 'metadata' ? '.meta' : undefined);
  if (how === 'flipped') flipBit(path);
  else truncateSync(path, how === 'emptied' ? 0 : Math.floor(statSync(path).size / 2));
  // What only a re-reading finds is found by the day on which it is owed.
  for (let looks = 0; looks < 2; looks++) await look();
  expect(wrongIn(await look())).toContainEqual(['backup_integrity', 'shop', 'critical']);
});

test('a backup much smaller than the ones before it is a warning', async () => {
  for (const days of [4, 3, 2]) await repository.add('shop', ago(days * 24), 500);
  await repository.add('shop', ago(1), 5);
  expect(wrongIn(await look())).toEqual([['size_trend', 'shop', 'warning']]);
});

test('metadata that was changed, an artifact cut short, gone, or without its metadata’s name is told at once', async () => {
  const [flipped, cut, gone] = [
    await repository.add('a', ago(1)),
    await repository.add('b', ago(1)),
    await repository.add('c', ago(1)),
  ];
  for (const database of ['a', 'b', 'c']) await repository.add(database, ago(2));
  expect(wrongIn(await look())).toEqual([]);
  const meta = repository.path(flipped, '.meta');
  writeFileSync(meta, (await readFile(meta, 'utf8')).replace('"database":"a"', '"database":"e"'));
  truncateSync(repository.path(cut), 20);
  await rm(repository.path(gone));
  await writeFile(join(repository.root, 'full', 'nonsense.meta'), '{}');
  const found = await look();
  expect(wrongIn(found)).toEqual([
    ['backup_integrity', '', 'critical'],
    ['backup_integrity', 'a', 'critical'],
    ['backup_integrity', 'b', 'critical'],
    ['backup_integrity', 'c', 'critical'],
  ]);
  expect(messageOf(found, 'backup_integrity', 'c')).toMatch(
    /1 of 2 backups damaged: c_full_\d+_\d+: artifact/,
  );
  expect(messageOf(found, 'backup_integrity')).toContain('full/nonsense.meta');
});

test('a flipped bit is found by re-reading, told in the same look, and remembered without touching the backup', async () => {
  const id = await repository.add('shop', ago(1));
  flipBit(repository.path(id));
  const before = [statSync(repository.path(id)), statSync(repository.path(id, '.meta'))];
  await look();
  const found = await look();
  expect(found.reread).toMatchObject({ backups: 1, damaged: 1, changed: 1 });
  expect(wrongIn(found)).toContainEqual(['backup_integrity', 'shop', 'critical']);
  expect(wrongIn(await look())).toContainEqual(['backup_integrity', 'shop', 'critical']);
  const after = [statSync(repository.path(id)), statSync(repository.path(id, '.meta'))];
  const times = (stats: typeof before) => stats.map(({ size, mtimeMs, ctimeMs }) => [size, mtimeMs, ctimeMs]);
  expect(times(after)).toEqual(times(before));
});

test.each(['', 'nonsense', '{"format_version":1}', '{"format_version":2,"backups":{}}'])(
  'a memory of %j costs reading again, and nothing else',
  async (text) => {
    await repository.add('shop', ago(1));
    await look();
    await writeFile(join(repository.root, 'full', '.survey-memory.json'), text);
    expect(wrongIn(await look())).toEqual([]);
    expect((await look()).reread.backups).toBe(1);
  },
);

test('a repository without WAL has no archive to judge, one with segments and no base backup a warning', async () => {
  await repository.add('shop', ago(1));
  expect((await look()).findings.find(({ check }) => check === 'wal_archive')?.state).toBe('not applicable');
  const wal = join(repository.root, 'incremental', 'wal');
  await mkdir(wal, { recursive: true });
  await writeFile(join(wal, '000000010000000000000001'), 'x');
  expect(wrongIn(await look())).toEqual([['wal_archive', '', 'warning']]);
});
