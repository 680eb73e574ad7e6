import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GaugeName } from '../../src/domain/metrics/catalogue.js';
import type { OperationEnd } from '../../src/domain/operation-end.js';
import { operationFigures, RepositoryScan, type ScanOptions } from '../../src/metrics/scan.js';
import { noteEnd } from '../../src/monitoring/last-ends.js';
import { monitorOnce } from '../../src/monitoring/monitor-once.js';
import { createRepository, type GeneratedRepository } from '../monitoring/repository.js';

const hourMs = 60 * 60 * 1000;

let repository: GeneratedRepository;
let problems: string[];

beforeEach(async () => {
  repository = await createRepository();
  problems = [];
});

afterEach(() => repository[Symbol.asyncDispose]());

async function scanOf(options: Partial<ScanOptions> = {}): Promise<RepositoryScan> {
  const { stateDir } = repository;
  const onProblem = (message: string) => problems.push(message);
  return new RepositoryScan({ config: await repository.config(), stateDir, onProblem, ...options });
}

async function figureOf(
  scan: RepositoryScan,
  name: GaugeName,
  database?: string,
): Promise<number | undefined> {
  const figures = await scan.figures();
  return figures.find((each) => each.name === name && each.labels.database === database)?.value;
}

/** A look for each who asks. */
const always = { freshMs: 0, pausesPerLook: 0 };

const hoursAgo = (hours: number) => new Date(Date.now() - hours * hourMs);

test('who asks at once shares one look, and a fresh look is good for all', async () => {
  await repository.add('shop', hoursAgo(3));
  const scan = await scanOf({ freshMs: 60_000 });
  const times = await Promise.all([1, 2, 3].map(() => figureOf(scan, 'holdfast_scan_timestamp_seconds')));
  expect(new Set(times).size).toBe(1);
  await repository.add('shop', hoursAgo(2));
  expect(await figureOf(scan, 'holdfast_backup_count', 'shop')).toBe(1);
  expect(await figureOf(scan, 'holdfast_scan_timestamp_seconds')).toBe(times[0]);
});

test('what changes between two looks is seen, and nothing is remembered beside the backups', async () => {
  const id = await repository.add('shop', hoursAgo(3));
  await repository.add('shop', hoursAgo(2));
  const scan = await scanOf({ ...always });
  expect(await figureOf(scan, 'holdfast_backup_count', 'shop')).toBe(2);
  await writeFile(repository.path(id), 'cut');
  expect(await figureOf(scan, 'holdfast_corrupted_backups', 'shop')).toBe(1);
  await rm(repository.path(id));
  await rm(repository.path(id, '.meta'));
  expect(await figureOf(scan, 'holdfast_backup_count', 'shop')).toBe(1);
  expect(await figureOf(scan, 'holdfast_corrupted_backups', 'shop')).toBe(0);
  expect(await readdir(join(repository.root, 'full'))).not.toContain('.survey-memory.json');
});

test('what a re-reading found counts, and a look that goes on meanwhile does not undo it', async () => {
  const id = await repository.add('shop', hoursAgo(3));
  const scan = await scanOf({ ...always });
  expect(await figureOf(scan, 'holdfast_corrupted_backups', 'shop')).toBe(0);
  const bytes = await readFile(repository.path(id));
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  await writeFile(repository.path(id), bytes);
  const config = await repository.config();
  const { default: cluster } = config.clusters;
  if (!cluster) throw new Error('there is no default cluster');
  const { signal } = new AbortController();
  const look = () =>
    monitorOnce({ config, cluster, stateDir: repository.stateDir, withServer: false, signal });
  // The first one has nothing to read on yet.
  await look();
  expect((await look()).reread).toMatchObject({ damaged: 1 });
  expect(await figureOf(scan, 'holdfast_corrupted_backups', 'shop')).toBe(1);
  expect(await figureOf(scan, 'holdfast_corrupted_backups', 'shop')).toBe(1);
});

test('who can’t wait for a look is told what was known before, and what it is held against', async () => {
  await repository.add('shop', hoursAgo(3));
  const scan = await scanOf({ ...always, patienceMs: 0 });
  const first = await scan.figures();
  expect(first.map(({ name }) => name)).toContain('holdfast_backup_age_limit_seconds');
  expect(first.map(({ name }) => name)).not.toContain('holdfast_repository_present');
  await expect.poll(() => figureOf(scan, 'holdfast_backup_count', 'shop')).toBe(1);
});

test('a repository that is gone is told as gone, and its backups no more', async () => {
  await repository.add('shop', hoursAgo(3));
  const scan = await scanOf({ ...always });
  expect(await figureOf(scan, 'holdfast_repository_present')).toBe(1);
  await rm(repository.root, { recursive: true });
  expect(await figureOf(scan, 'holdfast_repository_present')).toBe(0);
  expect(await figureOf(scan, 'holdfast_backup_count', 'shop')).toBeUndefined();
  expect(problems).toEqual([]);
});

test('only clusters of this host are looked at', async () => {
  const file = 'clusters: { default: {}, far: { host: elsewhere } }';
  const scan = await scanOf({ config: await repository.config({}, file) });
  const clusters = (await scan.figures()).map(({ labels }) => labels.cluster);
  expect([...new Set(clusters)]).toEqual(['default']);
});

test('how operations last ended is remembered by cluster, database, operation and outcome', async () => {
  const config = await repository.config();
  const { stateDir } = repository;
  const { default: cluster } = config.clusters;
  if (!cluster) throw new Error('there is no default cluster');
  const end = (news: Partial<OperationEnd>): OperationEnd => ({
    ...{ operation: 'full-backup', cluster: 'default', database: 'a/b "c"', outcome: 'succeeded' },
    ...{ at: '2026-01-02T02:00:00.000Z', durationMs: 1, sizeBytes: null },
    ...news,
  });
  await noteEnd(stateDir, cluster, end({}));
  await noteEnd(stateDir, cluster, end({ outcome: 'failed', at: '2026-01-03T02:00:00.000Z' }));
  await noteEnd(stateDir, cluster, end({ at: '2026-01-04T02:00:00.000Z' }));
  await noteEnd(stateDir, cluster, end({ operation: 'drill', database: '' }));
  const figures = await operationFigures({ config, stateDir });
  const told = figures.map(({ labels, value }) => [
    labels.operation,
    labels.database,
    labels.outcome,
    new Date(value * 1000).toISOString().slice(0, 10),
  ]);
  expect(told.sort()).toEqual([
    ['drill', '', 'succeeded', '2026-01-02'],
    ['full-backup', 'a/b "c"', 'failed', '2026-01-03'],
    ['full-backup', 'a/b "c"', 'succeeded', '2026-01-04'],
  ]);
});
