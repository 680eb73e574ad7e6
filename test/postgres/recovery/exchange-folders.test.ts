import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lstatIfThere } from '../../../src/files/real-file.js';
import {
  exchangeFolders,
  type FolderExchange,
  namesBeside,
  settleExchange,
  undoAbandoned,
} from '../../../src/postgres/recovery/exchange-folders.js';
import { emptyClaimed } from '../../../src/postgres/recovery/folder-mark.js';

let folder: string;
let exchange: FolderExchange;
const mark = 'holdfast_recovering';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-exchange-'));
  const dataDir = join(folder, 'main');
  const { recovered, previous } = namesBeside(dataDir, '20260102_030405');
  for (const [path, what] of [
    [dataDir, 'old'],
    [recovered, 'new'],
  ] as const) {
    await mkdir(path);
    await writeFile(join(path, 'PG_VERSION'), '15\n');
    await writeFile(join(path, 'what'), what);
  }
  await writeFile(join(recovered, mark), 'run-1');
  const stats = await lstatIfThere(dataDir);
  exchange = { dataDir, recovered, previous, approved: `${stats?.dev}:${stats?.ino}`, runId: 'run-1' };
});

afterEach(() => rm(folder, { recursive: true }));

const contentOf = (path: string) => readFile(join(path, 'what'), 'utf8').catch(() => undefined);
const state = async () => ({
  dataDir: await contentOf(exchange.dataDir),
  recovered: await contentOf(exchange.recovered),
  previous: await contentOf(exchange.previous),
});
const exchanged = { dataDir: 'new', recovered: undefined, previous: 'old' };
const untouched = { dataDir: 'old', recovered: 'new', previous: undefined };

/** What a crash can leave, at each instant between the steps of an exchange. */
const instants: [string, () => Promise<void>, 'done' | 'undone'][] = [
  ['before the first rename', async () => {}, 'undone'],
  ['between the renames', () => rename(exchange.dataDir, exchange.previous), 'undone'],
  [
    'after the second rename',
    async () => {
      await rename(exchange.dataDir, exchange.previous);
      await rename(exchange.recovered, exchange.dataDir);
    },
    'done',
  ],
  ['after all', () => exchangeFolders(exchange), 'done'],
];

describe.each(instants)('a crash %s', (_when, crash, outcome) => {
  test('is finished by the next attempt', async () => {
    await crash();
    await exchangeFolders(exchange);
    expect(await state()).toEqual(exchanged);
    expect(await readdir(exchange.dataDir)).not.toContain(mark);
  });

  test(`is settled as ${outcome} where there is no next attempt`, async () => {
    await crash();
    expect(await settleExchange(exchange)).toBe(outcome);
    expect(await state()).toEqual(outcome === 'done' ? exchanged : untouched);
  });
});

test('what was approved is asked once more before anything is renamed, and not after', async () => {
  const recheck = () => Promise.reject(new Error('it went on'));
  await expect(exchangeFolders(exchange, recheck)).rejects.toThrow('it went on');
  expect(await state()).toEqual(untouched);
  await rename(exchange.dataDir, exchange.previous);
  await exchangeFolders(exchange, recheck);
  expect(await state()).toEqual(exchanged);
});

test.each<[string, () => Promise<void>]>([
  [
    'another folder took its place',
    async () => {
      await rename(exchange.dataDir, `${exchange.dataDir}.away`);
      await mkdir(exchange.dataDir);
      await writeFile(join(exchange.dataDir, 'what'), 'other');
    },
  ],
  ['what was recovered is another run’s', () => writeFile(join(exchange.recovered, mark), 'run-2')],
  ['its new name is taken', () => mkdir(exchange.previous)],
])('where %s nothing is touched', async (_what, spoil) => {
  await spoil();
  const before = await state();
  await expect(exchangeFolders(exchange)).rejects.toMatchObject({ type: 'DataDirectoryRefused' });
  await expect(settleExchange(exchange)).rejects.toMatchObject({ type: 'DataDirectoryRefused' });
  expect(await state()).toEqual(before);
});

test('a second rename that fails takes the first one back', async () => {
  const { recovered } = exchange;
  const vanish = () => rename(recovered, `${recovered}.gone`);
  await expect(exchangeFolders(exchange, vanish)).rejects.toMatchObject({ type: 'StorageFailed' });
  expect(await state()).toEqual({ ...untouched, recovered: undefined });
});

test('a name that somebody took between the renames loses nothing', async () => {
  const { dataDir, recovered, previous } = exchange;
  await rename(dataDir, previous);
  await writeFile(dataDir, 'in the way');
  await expect(exchangeFolders(exchange)).rejects.toMatchObject({ type: 'DataDirectoryRefused' });
  expect([await contentOf(previous), await contentOf(recovered)]).toEqual(['old', 'new']);
});

describe('a run that was ended between the renames', () => {
  test('has its first one taken back by the next recovery of the folder', async () => {
    await rename(exchange.dataDir, exchange.previous);
    expect(await undoAbandoned(exchange.dataDir)).toBe(exchange.previous);
    expect(await state()).toEqual(untouched);
  });

  test('has not where the folder is there, nor where nothing says that a recovery was at work', async () => {
    expect(await undoAbandoned(exchange.dataDir)).toBeUndefined();
    await rename(exchange.dataDir, exchange.previous);
    await rm(join(exchange.recovered, mark));
    expect(await undoAbandoned(exchange.dataDir)).toBeUndefined();
    expect(await contentOf(exchange.previous)).toBe('old');
  });
});

test('a folder is emptied for the run that claimed it only, and links in it are not followed', async () => {
  await symlink(exchange.dataDir, join(exchange.recovered, 'pg_wal'));
  expect(await emptyClaimed(exchange.recovered, 'run-2')).toBe(false);
  expect(await contentOf(exchange.recovered)).toBe('new');
  expect(await emptyClaimed(exchange.recovered, 'run-1')).toBe(true);
  expect(await readdir(exchange.recovered)).toEqual([]);
  expect(await contentOf(exchange.dataDir)).toBe('old');
});
