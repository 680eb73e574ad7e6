import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RepositoryScan } from '../../src/metrics/scan.js';
import { monitorOnce } from '../../src/monitoring/monitor-once.js';
import { localRepository } from '../../src/repository/local/local-repository.js';
import { createRepository, type GeneratedRepository } from './repository.js';

const databases = 20;
const days = 500;
const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

let repository: GeneratedRepository;
const ids: string[] = [];

beforeAll(async () => {
  repository = await createRepository();
  const now = Date.now();
  for (let day = 0; day < days; day++) {
    const takenAt = new Date(now - day * dayMs - 60_000);
    const names = Array.from({ length: databases }, (_, index) => `database${index}`);
    ids.push(...(await Promise.all(names.map((name) => repository.add(name, takenAt, 1)))));
  }
});

afterAll(() => repository[Symbol.asyncDispose]());

async function look(hoursLater = 0) {
  const config = await repository.config();
  const cluster = config.clusters.default;
  if (!cluster) throw new Error('there is no default cluster');
  const { signal } = new AbortController();
  const before = process.cpuUsage();
  const result = await monitorOnce({
    config,
    cluster,
    stateDir: repository.stateDir,
    withServer: false,
    signal,
    clock: () => new Date(Date.now() + hoursLater * hourMs),
  });
  const { user, system } = process.cpuUsage(before);
  return { result, cpuSeconds: (user + system) / 1e6 };
}

test('of 10,000 backups three that are damaged in different ways are found, and a look stays cheap', async () => {
  expect(ids).toHaveLength(10_000);
  // What was never seen is looked at in portions, the newest first.
  while (/left to the next/.test(JSON.stringify((await look()).result.findings)));
  const [cut = '', gone = '', changed = ''] = [ids[5_001], ids[9_999], ids[42]];
  truncateSync(repository.path(cut), 10);
  await rm(repository.path(gone));
  writeFileSync(repository.path(changed, '.meta'), '{"backup_file": ');
  const { result, cpuSeconds } = await look();
  const critical = result.findings.filter(({ state }) => state === 'critical');
  const found = critical.map(({ message }) => message).sort();
  expect(found).toHaveLength(3);
  expect(found.join('\n')).toContain(`damaged: ${changed}: it is no JSON`);
  expect(found.join('\n')).toContain(`damaged: ${gone}: artifact ${gone}.sql.gz is missing`);
  expect(found.join('\n')).toContain(`damaged: ${cut}: artifact ${cut}.sql.gz has 10 bytes`);
  // The least of three: on a busy machine the same work costs more now and then.
  const again = [await look(), await look(), await look()];
  for (const { result: seen } of again) {
    expect(seen.counts.critical).toBe(3);
    expect(seen.reread.backups).toBeLessThan(10);
  }
  const before = process.cpuUsage();
  await localRepository(repository.root, 'default').list();
  const { user, system } = process.cpuUsage(before);
  // Half of what it costs to read the metadata once: it reads none of what has not changed.
  const readingAll = (user + system) / 1e6;
  expect(Math.min(...again.map((each) => each.cpuSeconds))).toBeLessThan(readingAll / 2);
  expect(cpuSeconds).toBeLessThan(readingAll);
});

test('a bit that flips in one of 10,000 backups is found when its turn comes, by reading few of them', async () => {
  const [flipped = ''] = ids;
  const path = repository.path(flipped);
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const { result } = await look(1);
  expect(result.reread.damaged).toBe(1);
  // An hour's share of fourteen days, and a quarter of slack.
  expect(result.reread.backups).toBeLessThan((ids.length / (14 * 24)) * 1.5);
  const critical = result.findings.filter(({ state }) => state === 'critical');
  expect(critical.map(({ message }) => message).join('\n')).toContain(`damaged: ${flipped}: `);
});

test('a look for metrics costs as little, also where nothing is remembered beside the backups', async () => {
  const config = await repository.config();
  const onProblem = (message: string) => expect.fail(message);
  const options = { config, stateDir: repository.stateDir, onProblem, freshMs: 0, pausesPerLook: 0 };
  const scan = new RepositoryScan({ ...options, patienceMs: 120_000 });
  const damaged = async () =>
    (await scan.figures())
      .filter(({ name }) => name === 'holdfast_corrupted_backups')
      .reduce((sum, { value }) => sum + value, 0);
  await rm(`${repository.root}/full/.survey-memory.json`);
  // Each reads the metadata of 2,000, and remembers it by itself.
  for (let portion = 0; portion < 5; portion++) await damaged();
  const looks: number[] = [];
  for (let look = 0; look < 3; look++) {
    const before = process.cpuUsage();
    expect(await damaged()).toBe(3);
    const { user, system } = process.cpuUsage(before);
    looks.push(user + system);
  }
  const listing = process.cpuUsage();
  await localRepository(repository.root, 'default').list();
  const listed = process.cpuUsage(listing);
  expect(Math.min(...looks)).toBeLessThan((listed.user + listed.system) / 2);
});
