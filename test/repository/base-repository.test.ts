import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BaseRepository, baseRepository } from '../../src/repository/base/base-repository.js';
import { namesIn } from '../support/base-backup.js';
import { baseMetadata as metadataOf, storeBase } from './support/stored-base.js';

let root: string;
let repository: BaseRepository;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hf-bases-'));
  repository = baseRepository(root, 'default');
  await repository.prepare();
});
afterEach(() => rm(root, { recursive: true }));

const publish = (id: string, runId?: string) => storeBase(repository, metadataOf(id, runId));

const [older, newer] = ['base_20250301_120000', 'base_20250302_120000'];

test('what is published is listed newest first, readable by its owner only, and found by id and as the latest', async () => {
  await publish(newer);
  const metadata = await publish(older);
  expect((await repository.list()).bases.map(({ id }) => id)).toEqual([newer, older]);
  expect((await repository.find('latest')).id).toBe(newer);
  expect(await repository.find(older)).toEqual({
    id: older,
    folder: join(repository.folder, older),
    metadata,
  });
  expect((await stat(join(repository.folder, older))).mode & 0o777).toBe(0o700);
  expect((await stat(join(repository.folder, older, 'base.meta'))).mode & 0o777).toBe(0o600);
  await expect(repository.find('base_20240101_000000')).rejects.toMatchObject({ type: 'BackupNotFound' });
  await expect(repository.find('../full')).rejects.toMatchObject({ type: 'PathRefused' });
});

test('publishing again what the run published is success; another base backup is never touched', async () => {
  const metadata = await publish(older);
  await repository.publish({ attempt: 1, metadata });
  await repository.createPartial('other', 1);
  const other = { attempt: 1, metadata: metadataOf(older, 'other') };
  await expect(repository.publish(other)).rejects.toMatchObject({ type: 'ArtifactExists' });
  expect((await repository.find(older)).metadata.workflow_run_id).toBe(metadata.workflow_run_id);
});

test('a file that changed since it was verified is not published', async () => {
  const folder = await repository.createPartial('run', 1);
  await writeFile(join(folder, 'base.tar.zst'), 'other');
  const publication = { attempt: 1, metadata: metadataOf(older, 'run') };
  await expect(repository.publish(publication)).rejects.toMatchObject({
    type: 'VerificationFailed',
    message: expect.stringContaining('base.tar.zst has 5 bytes, 10 were verified'),
  });
  expect((await repository.list()).bases).toEqual([]);
});

test('damaged ones are told, each with what is wrong, and don’t hide the others', async () => {
  await publish(newer);
  await publish(older);
  const path = join(repository.folder, newer, 'base.meta');
  const text = await readFile(path, 'utf8');
  const broken = async () => (await repository.list()).broken.map(({ why }) => why);
  await writeFile(path, text.replace('"timeline": 1', '"timeline": 2'));
  expect(await broken()).toEqual([expect.stringContaining('metadata_checksum differs')]);
  await writeFile(path, text);
  await writeFile(join(repository.folder, newer, 'base.tar.zst'), 'short');
  expect(await broken()).toEqual(['base.tar.zst has 5 bytes, its metadata says 10']);
  await rm(path);
  expect(await broken()).toEqual(['it has no base.meta']);
  expect((await repository.find('latest')).id).toBe(older);
  expect(await repository.remove(newer)).toBe(true);
  expect((await repository.list()).broken).toEqual([]);
});

test('X2: one that is being read is not removed; once it is read, it is', async () => {
  await publish(older);
  const reader = { backupId: older, workflowId: 'recover/default', runId: 'reader', validMs: 60_000 };
  await repository.lease(reader);
  await expect(repository.remove(older)).rejects.toMatchObject({
    type: 'BackupInUse',
    message: expect.stringContaining('recover/default reads it'),
  });
  expect(await repository.removeAbandonedPartials(new Date(Date.now() + 1000))).toEqual([]);
  expect((await repository.list()).bases).toHaveLength(1);
  await repository.removePartials('reader');
  expect(await repository.remove(older)).toBe(true);
  expect(await repository.remove(older)).toBe(false);
  expect(await namesIn(repository)).toEqual([]);
  await expect(repository.lease(reader)).rejects.toMatchObject({ type: 'BackupNotFound' });
});

test('partial folders go with their run, or when they were abandoned; one that still grows is not', async () => {
  await repository.createPartial('mine', 1);
  await repository.createPartial('mine', 2);
  const growing = await repository.createPartial('other', 1);
  expect(await repository.removePartials('mine', { upToAttempt: 1 })).toEqual(['.partial-mine-1']);
  const old = new Date(Date.now() - 86_400_000);
  await writeFile(join(growing, 'base.tar'), '');
  for (const path of [growing, join(repository.folder, '.partial-mine-2')]) await utimes(path, old, old);
  const before = new Date(Date.now() - 3_600_000);
  expect(await repository.removeAbandonedPartials(before)).toEqual(['.partial-mine-2']);
  expect(await namesIn(repository)).toEqual(['.partial-other-1']);
});

test('a removal that was cut short is finished later', async () => {
  await mkdir(join(repository.folder, `.partial-removal-of-${older}-0`));
  await mkdir(join(repository.folder, `.partial-removal-of-${newer}-1`));
  await repository.removeAbandonedPartials(new Date(0));
  expect(await namesIn(repository)).toEqual([]);
});
