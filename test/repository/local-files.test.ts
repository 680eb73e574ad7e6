import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localRepository } from '../../src/repository/local/local-repository.js';
import { bundleChild, type Child } from './support/child.js';
import { publishSample, writeSample } from './support/publication.js';
import { scratchFolder, scratchRepository } from './support/scratch.js';

let child: Child;
beforeAll(async () => {
  child = await bundleChild();
});
afterAll(() => child.remove());

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('access rights', () => {
  test.each([0o000, 0o022, 0o077, 0o777])(
    'SE-1: folders are 0700 and files 0600 under umask %o',
    async (umask) => {
      const root = join(scratchFolder(), 'backups', 'other');
      const outcome = await child.run({ verb: 'back-up', root, umask, sample: { globals: 'roles' } });
      expect(outcome).toMatchObject({ listed: ['shop_full_20250301_120000'] });
      for (const folder of [join(root, '..'), root, join(root, 'full')]) expect(modeOf(folder)).toBe('700');
      for (const suffix of ['sql.gz', 'meta', 'globals.sql.gz']) {
        expect(modeOf(join(root, 'full', `shop_full_20250301_120000.${suffix}`))).toBe('600');
      }
    },
  );

  test('an empty folder that was made for us, and the folder of full backups, are closed to others', async () => {
    const root = scratchFolder();
    await localRepository(root, 'default').prepare();
    expect(modeOf(root)).toBe('700');
    chmodSync(join(root, 'full'), 0o755);
    await localRepository(root, 'default').prepare();
    expect(modeOf(join(root, 'full'))).toBe('700');
  });

  test('preparing takes rights and gives none: a folder made read-only stays so', async () => {
    const root = scratchFolder();
    chmodSync(root, 0o555);
    await localRepository(root, 'default')
      .prepare()
      .catch(() => undefined);
    expect(modeOf(root)).toBe('500');
  });

  test('a folder that others use, too, stays open to them', async () => {
    const root = scratchFolder();
    writeFileSync(join(root, 'of somebody else'), '');
    await localRepository(root, 'default').prepare();
    expect(modeOf(root)).toBe('755');
  });

  test('D5: a repository that cannot be written is refused with its path and the OS user', async () => {
    const root = scratchFolder();
    chmodSync(root, 0o555);
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    const outcome = await child.run({ verb: 'prepare', root }, uid === undefined ? {} : { uid });
    expect(outcome).toMatchObject({ type: 'RepositoryNotWritable', exitCode: 2, retryable: false });
    expect(outcome.message).toMatch(new RegExp(`${root}.* as OS user \\S+`));
    expect(existsSync(join(root, 'full'))).toBe(false);
  });

  test('a file where the repository should be is refused', async () => {
    const root = join(scratchFolder(), 'file');
    writeFileSync(root, '');
    await expect(localRepository(root, 'default').prepare()).rejects.toMatchObject({
      type: 'RepositoryNotWritable',
    });
    const below = localRepository(join(root, 'below'), 'default');
    await expect(below.prepare()).rejects.toMatchObject({ type: 'RepositoryNotWritable' });
  });

  test('preparing leaves no trace in an existing repository, and two workers may do it at once', async () => {
    const root = join(scratchFolder(), 'a', 'b');
    await Promise.all(Array.from({ length: 5 }, () => localRepository(root, 'default').prepare()));
    const { repository, files } = await scratchRepository();
    await repository.prepare();
    expect(files()).toEqual([]);
  });
});

describe('D6: a symbolic link is refused', () => {
  test.each(['root', 'full'])('where the folder %s should be', async (which) => {
    const { repository } = await scratchRepository();
    const path = which === 'root' ? repository.root : join(repository.root, 'full');
    renameSync(path, `${path}.real`);
    symlinkSync(`${path}.real`, path);
    await expect(repository.prepare()).rejects.toMatchObject({ type: 'SymbolicLinkRefused', exitCode: 2 });
  });

  test('where a folder was replaced after it had been prepared, on write, list and delete', async () => {
    const { repository, full } = await scratchRepository();
    const id = await publishSample(repository);
    renameSync(full, `${full}.real`);
    symlinkSync(`${full}.real`, full);
    const refused = { type: 'SymbolicLinkRefused' };
    await expect(repository.createPartial('.partial-run-1-1.sql.gz')).rejects.toMatchObject(refused);
    await expect(repository.list()).rejects.toMatchObject(refused);
    await expect(repository.remove(id)).rejects.toMatchObject(refused);
    await expect(repository.removePartials('run-1')).rejects.toMatchObject(refused);
  });

  test('where a partial file should be, and what it leads to is untouched', async () => {
    const { repository, full } = await scratchRepository();
    const victim = join(scratchFolder(), 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(full, '.partial-run-1-1.sql.gz'));
    await expect(repository.createPartial('.partial-run-1-1.sql.gz')).rejects.toMatchObject({
      type: 'SymbolicLinkRefused',
    });
    expect(await repository.removePartials('run-1')).toEqual(['.partial-run-1-1.sql.gz']);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  test.each(['.sql.gz', '.meta', '.globals.sql.gz'])(
    'where the %s of a publication should be',
    async (suffix) => {
      const { repository, full } = await scratchRepository();
      const publication = await writeSample(repository, { globals: 'roles' });
      const victim = join(scratchFolder(), 'victim');
      writeFileSync(victim, 'precious');
      symlinkSync(victim, join(full, `shop_full_20250301_120000${suffix}`));
      await expect(repository.publish(publication)).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
      expect(readFileSync(victim, 'utf8')).toBe('precious');
      expect((await repository.list()).backups).toEqual([]);
    },
  );

  test.each(['.sql.gz', '.meta'])('where the %s of a backup was', async (suffix) => {
    const { repository, full } = await scratchRepository();
    const id = await publishSample(repository);
    const moved = join(scratchFolder(), 'moved');
    renameSync(join(full, `${id}${suffix}`), moved);
    symlinkSync(moved, join(full, `${id}${suffix}`));
    expect(await repository.list()).toMatchObject({
      backups: [],
      broken: [{ why: expect.stringContaining('symbolic link') }],
    });
    await expect(repository.find(id)).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
    await expect(repository.remove(id)).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
    expect(existsSync(moved)).toBe(true);
  });
});

test('a backup outside the repository is found by its full path only', async () => {
  const { repository } = await scratchRepository();
  const elsewhere = await scratchRepository();
  const id = await publishSample(elsewhere.repository);
  const { path } = await elsewhere.repository.find(id);
  expect((await repository.find(path)).summary).toMatchObject({ id, file: path });
  await expect(repository.find(`../../${path}`)).rejects.toMatchObject({ type: 'PathRefused' });
  await expect(repository.find(id)).rejects.toMatchObject({ type: 'BackupNotFound' });
});

test('listing a repository that does not exist yet finds nothing', async () => {
  const repository = localRepository(join(scratchFolder(), 'none'), 'default');
  expect(await repository.list()).toEqual({ backups: [], broken: [] });
  await expect(repository.find('latest')).rejects.toMatchObject({ type: 'BackupNotFound' });
});

test('a list cut at its limit reads no more metadata than that', async () => {
  const { repository, full } = await scratchRepository();
  for (let day = 1; day <= 28; day++) {
    const id = await publishSample(repository, { timestamp: `202502${String(day).padStart(2, '0')}_000000` });
    if (day <= 20) writeFileSync(join(full, `${id}.meta`), 'never read');
  }
  expect(await repository.list({ limit: 8 })).toMatchObject({ broken: [], backups: { length: 8 } });
  expect((await repository.list({ limit: 9 })).broken).toHaveLength(20);
});

test('free space is that of the disk under the repository', async () => {
  const { repository } = await scratchRepository();
  const { freeBytes, totalBytes } = await repository.freeSpace();
  expect(freeBytes).toBeGreaterThan(0);
  expect(totalBytes).toBeGreaterThan(freeBytes);
  rmSync(repository.root, { recursive: true });
  mkdirSync(repository.root);
  await expect(localRepository(`${repository.root}/none`, 'x').freeSpace()).rejects.toMatchObject({
    type: 'StorageFailed',
  });
});
