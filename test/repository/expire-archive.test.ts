import { mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requireOneCluster } from '../../activities/one-cluster.js';
import { type BaseRepository, baseRepository } from '../../src/repository/base/base-repository.js';
import { expireArchive } from '../../src/repository/expire-archive.js';
import { type WalLayout, walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { baseMetadata, storeBase } from './support/stored-base.js';

const now = new Date('2025-04-01T00:00:00Z');
const systemIdentifier = '7710930305917767397';
const [old, anchor, young] = ['base_20250301_120000', 'base_20250320_120000', 'base_20250329_120000'];

let root: string;
let layout: WalLayout;
let bases: BaseRepository;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hf-expire-'));
  layout = walLayout(root);
  bases = baseRepository(root, 'default');
  await bases.prepare();
  await mkdir(layout.wal);
  for (const [id, segment, day] of [
    [old, 2, '2025-03-01'],
    [anchor, 5, '2025-03-20'],
    [young, 8, '2025-03-29'],
  ] as const) {
    const at = { start_lsn: `0/${segment}000028`, stop_lsn: `0/${segment}000100` };
    await storeBase(bases, baseMetadata(id, `run-${id}`, { ...at, stopped_at: `${day}T12:01:00Z` }));
  }
  for (let number = 1; number <= 9; number++) {
    const suffix = ['', '.zst', '.gz'][number % 3];
    await archived(`${segment(number)}${suffix}`, new Date(now.getTime() - (10 - number) * 3 * 86_400_000));
  }
  await archived(`${segment(2)}.00000028.backup`, now);
  await archived('notes.txt', now);
  await archived('00000002.history', now, '1\t0/9000000\tno recovery target specified\n');
});
afterEach(() => rm(root, { recursive: true }));

const segment = (number: number) => `00000001000000000000000${number}`;

async function archived(name: string, at: Date, content = 'WAL'): Promise<void> {
  await writeFile(join(layout.wal, name), content);
  await utimes(join(layout.wal, name), at, at);
}

const expire = (walRetentionDays = 7) =>
  expireArchive({
    ...{ bases, layout, systemIdentifier, segmentSizeBytes: 16_777_216, walRetentionDays, now },
    signal: new AbortController().signal,
  });
const segments = async () =>
  (await readdir(layout.wal))
    .filter((name) => /^[0-9A-F]{24}(\.gz|\.zst)?$/.test(name))
    .map((name) => Number(name[23]));

test('what no point of the window needs goes: base backups, then WAL, compressed or not', async () => {
  const { bases: expired, segmentCount, freedBytes, warnings } = await expire();
  expect(expired.map(({ id }) => id)).toEqual([old]);
  expect({ segmentCount, freedBytes, warnings }).toEqual({ segmentCount: 4, freedBytes: 15, warnings: [] });
  expect((await segments()).sort()).toEqual([5, 6, 7, 8, 9]);
  expect(await readdir(layout.wal)).toEqual(expect.arrayContaining(['00000002.history', 'notes.txt']));
  expect(await expire()).toMatchObject({ bases: [], segmentCount: 0 });
});

test('a base backup that is read stays, and so does its WAL', async () => {
  await bases.lease({ backupId: old, workflowId: 'recover/default/x', runId: 'r', validMs: 60_000 });
  expect(await expire()).toMatchObject({ bases: [], segmentCount: 1 });
  expect((await segments()).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a base backup stays that may be the way to a timeline whose history can’t be read', async () => {
  await archived('00000002.history', now, 'torn');
  expect((await expire()).bases).toEqual([]);
});

test('no WAL goes while a base backup is damaged, for what it needs is not known', async () => {
  await truncate(join(bases.folder, old, 'base.meta'), 10);
  const { segmentCount, warnings } = await expire();
  expect(segmentCount).toBe(0);
  expect(warnings).toEqual([expect.stringContaining(old)]);
  expect(await segments()).toHaveLength(9);
});

test('without a base backup of the cluster nothing goes', async () => {
  const none = { systemIdentifier: '42', segmentSizeBytes: 16_777_216, walRetentionDays: 1 };
  const signal = new AbortController().signal;
  expect(await expireArchive({ bases, layout, now, signal, ...none })).toMatchObject({ segmentCount: 0 });
  expect((await bases.list()).bases).toHaveLength(3);
});

test('G12: another cluster on the same repository is refused, told which is which', async () => {
  await requireOneCluster('default', bases, systemIdentifier);
  const refused = requireOneCluster('default', bases, '42');
  await expect(refused).rejects.toMatchObject({ type: 'ArchivingRefused' });
  await expect(refused).rejects.toThrow(new RegExp(`${systemIdentifier}.*42`));
});
