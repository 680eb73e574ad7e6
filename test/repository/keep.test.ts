import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expireBackups } from '../../src/repository/expire-backups.js';
import { bundleChild, type Child } from './support/child.js';
import { publishSample, sha256 } from './support/publication.js';
import { scratchRepository } from './support/scratch.js';
import { storedSha256 } from './support/stored.js';

let child: Child;
beforeAll(async () => {
  child = await bundleChild();
});
afterAll(() => child.remove());

const request = { by: 'ann@db1', at: new Date('2025-03-01T13:00:00Z'), reason: 'before the migration' };
const retention = { retentionDays: 1, keepLast: 1, now: new Date('2025-03-02T00:00:00Z') };
const refused = { type: 'RemovalRefused', message: expect.stringContaining('kept by ann@db1: before') };

/** A repository with an old backup, which retention removes, and a newer one. */
async function withOldBackup() {
  const scratch = await scratchRepository();
  const id = await publishSample(scratch.repository, { timestamp: '20250101_000000', globals: 'roles' });
  const newer = await publishSample(scratch.repository, { timestamp: '20250301_120000' });
  return { ...scratch, id, newer, keepPath: join(scratch.full, `${id}.keep`) };
}

test('what is kept by hand is told, stays whole under retention, and goes once it is released', async () => {
  const { repository, id, newer, files, keepPath } = await withOldBackup();
  const before = files();
  await repository.keep(id, request);
  expect(statSync(keepPath).mode & 0o777).toBe(0o600);
  const kept = {
    by: 'ann@db1',
    at: '2025-03-01T13:00:00.000Z',
    reason: 'before the migration',
    problem: null,
  };
  expect([...(await repository.keeps())]).toEqual([[id, kept]]);
  for (const dryRun of [true, false]) {
    const { keep, expire } = await expireBackups(repository, { ...retention, dryRun });
    expect(expire).toEqual([]);
    expect(keep).toContainEqual({ id, because: 'kept by ann@db1: before the migration' });
  }
  await expect(repository.remove(id)).rejects.toMatchObject(refused);
  expect((await repository.list()).backups.map((one) => one.id)).toEqual([newer, id]);
  expect(await repository.release(id)).toBe(true);
  expect(await repository.release(id)).toBe(false);
  expect(files()).toEqual(before);
  expect((await expireBackups(repository, retention)).expire).toMatchObject([{ id }]);
  expect(files().filter((name) => name.startsWith(id))).toEqual([]);
});

test('a second keep takes the place of the first; the files of the backup stay as they are', async () => {
  const { repository, id, files } = await withOldBackup();
  await repository.keep(id, request);
  const [before, there] = [await repository.find(id), files()];
  await repository.keep(id, { by: 'bob@db1', at: new Date(0), reason: null });
  const kept = { by: 'bob@db1', at: '1970-01-01T00:00:00.000Z', reason: null, problem: null };
  expect((await repository.keeps()).get(id)).toEqual(kept);
  expect(await repository.find(id)).toEqual(before);
  expect(files()).toEqual(there);
});

test.each([
  ['', 'it is empty'],
  ['yes', 'it is no JSON'],
  ['{}', 'field backup'],
  [JSON.stringify({ format_version: 2 }), 'format_version 2 is unknown'],
  [
    JSON.stringify({ backup: 'x_full_20250101_000000', kept_by: 'a', kept_at: request.at, reason: null }),
    'it is of x_',
  ],
])('a keep %j keeps the backup, and says why it can’t be read', async (text, why) => {
  const { repository, id, keepPath } = await withOldBackup();
  writeFileSync(keepPath, text);
  const { keep, expire } = await expireBackups(repository, retention);
  expect(expire).toEqual([]);
  const because = expect.stringContaining(`kept by its .keep file, which can't be read: ${why}`);
  expect(keep).toContainEqual({ id, because });
  await expect(repository.remove(id)).rejects.toMatchObject({ type: 'RemovalRefused' });
  expect(await repository.release(id)).toBe(true);
  expect(await repository.remove(id)).toBe(true);
});

test('a keep in which a bit was flipped keeps, and so does a symbolic link, which is not followed', async () => {
  const { repository, id, keepPath } = await withOldBackup();
  await repository.keep(id, request);
  writeFileSync(keepPath, readFileSync(keepPath, 'utf8').replace('ann', 'eve'));
  expect((await repository.keeps()).get(id)?.problem).toContain('metadata_checksum differs');
  rmSync(keepPath);
  symlinkSync('/etc/hostname', keepPath);
  expect((await repository.keeps()).get(id)?.problem).toContain('symbolic link');
  await expect(repository.remove(id)).rejects.toMatchObject({ type: 'RemovalRefused' });
  await repository.keep(id, request);
  expect((await repository.keeps()).get(id)?.by).toBe('ann@db1');
});

test('a backup that is gone can’t be kept, and the attempt leaves nothing', async () => {
  const { repository, id, files } = await withOldBackup();
  await repository.remove(id);
  const before = files();
  await expect(repository.keep(id, request)).rejects.toMatchObject({ type: 'BackupNotFound' });
  expect(files()).toEqual(before);
});

test('a keep is no partial file, no backup and nothing broken', async () => {
  const { repository, id, newer, full, files } = await withOldBackup();
  await repository.keep(id, request);
  for (const name of ['.keep', 'notes.keep', 'x_full_20250101_000000.keep'])
    writeFileSync(join(full, name), '');
  const there = files();
  expect(await repository.removeAbandonedPartials(new Date(Date.now() + 60_000))).toEqual([]);
  expect(files()).toEqual(there);
  const { backups, broken } = await repository.list();
  expect({ ids: backups.map((one) => one.id), broken }).toEqual({ ids: [newer, id], broken: [] });
});

test('of removals and a keep at the same moment never both win: the backup is kept, or gone', async () => {
  const { repository, files } = await withOldBackup();
  for (let round = 0; round < 50; round++) {
    const id = await publishSample(repository, {
      timestamp: `20240101_0000${String(round).padStart(2, '0')}`,
    });
    const remove = async () => {
      await delay(Math.random() * 8);
      return repository.remove(id);
    };
    const [first, second, keeping] = await Promise.allSettled([
      remove(),
      remove(),
      repository.keep(id, request),
    ]);
    const isThere = (await repository.list()).backups.some((one) => one.id === id);
    if (isThere) expect(await storedSha256(repository, id)).toBe(sha256('a dump'));
    else expect(files().filter((name) => name.includes(id))).toEqual([]);
    if (keeping.status === 'fulfilled') expect(isThere, `round ${round}`).toBe(true);
    else expect(keeping.reason).toMatchObject({ type: 'BackupNotFound' });
    for (const removal of [first, second])
      if (removal.status === 'rejected') expect(removal.reason).toMatchObject(refused);
  }
});

test.each([
  ['remove:after-unlisting', 'is listed again'],
  ['remove:after-decision', 'goes, and its keep with it'],
])('what a removal killed at %s has begun, and is kept meanwhile, %s', async (point) => {
  const { repository, id, keepPath, newer, files } = await withOldBackup();
  const order = { verb: 'remove', root: repository.root, id } as const;
  expect(await child.run(order, { env: { HOLDFAST_FAILPOINT: point } })).toMatchObject({ signal: 'SIGKILL' });
  writeFileSync(keepPath, '');
  await repository.removeAbandonedPartials(new Date(0));
  const isListed = point === 'remove:after-unlisting';
  expect((await repository.list()).backups.map((one) => one.id)).toEqual(isListed ? [newer, id] : [newer]);
  expect(files().some((name) => name.includes(id))).toBe(isListed);
});
