import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { partialName } from '../../src/domain/backup/names.js';
import type { Repository } from '../../src/repository/repository.js';
import { publishSample, sample, sampleMetadata, sha256, writeSample } from './support/publication.js';

/** What every kind of repository does. `open` returns an empty, prepared one. */
export function describeRepository(kind: string, open: () => Promise<Repository>): void {
  describe(`${kind}: publication`, () => {
    test('a published backup is listed and found with its metadata', async () => {
      const repository = await open();
      const id = await publishSample(repository, { globals: 'roles' });
      const { backups, broken } = await repository.list();
      expect(broken).toEqual([]);
      expect(backups).toMatchObject([
        { id, database: 'shop', takenAt: '2025-03-01T12:00:00.000Z', sizeBytes: 6, cluster: 'default' },
      ]);
      const found = await repository.find(id);
      expect(found.summary).toEqual(backups[0]);
      expect(found.metadata).toMatchObject({ checksum: sha256('a dump'), globals_checksum: sha256('roles') });
      expect(found.globalsPath).not.toBeNull();
      expect(await readArtifact(repository, id)).toBe('a dump');
    });

    test('nothing is listed before the publication, nor a partial file ever', async () => {
      const repository = await open();
      await writeSample(repository, { globals: 'roles' });
      expect(await repository.list()).toEqual({ backups: [], broken: [] });
    });

    test('T2: publishing what this run has published already is success and changes nothing', async () => {
      const repository = await open();
      const publication = await writeSample(repository, { globals: 'roles' });
      await repository.publish(publication);
      const before = await repository.find('latest');
      await repository.publish({ ...publication, attempt: 2 });
      expect(await repository.find('latest')).toEqual(before);
      expect(await repository.removePartials(sample.runId)).toEqual([]);
    });

    test('another run, or another dump of the same run, never overwrites a backup', async () => {
      const repository = await open();
      const id = await publishSample(repository, { runId: 'run-1' });
      for (const other of [{ runId: 'run-2' }, { runId: 'run-1', content: 'b dump' }]) {
        const publication = await writeSample(repository, other);
        await expect(repository.publish(publication)).rejects.toMatchObject({
          type: 'ArtifactExists',
          retryable: false,
        });
        await repository.removePartials(other.runId);
      }
      expect(await readArtifact(repository, id)).toBe('a dump');
      expect((await repository.readMetadata(id)).checksum).toBe(sha256('a dump'));
    });

    test('a partial file of another size than was verified is not published', async () => {
      const repository = await open();
      const publication = await writeSample(repository);
      publication.metadata.size_bytes += 1;
      await expect(repository.publish(publication)).rejects.toMatchObject({ type: 'VerificationFailed' });
      expect(await repository.list()).toEqual({ backups: [], broken: [] });
    });

    test('a publication whose dump is gone asks for a new one', async () => {
      const repository = await open();
      const publication = await writeSample(repository);
      await repository.removePartials(sample.runId);
      await expect(repository.publish(publication)).rejects.toMatchObject({
        type: 'StorageFailed',
        message: expect.stringContaining('must be written anew'),
      });
    });

    test("T3: a run cannot publish another run's partial file", async () => {
      const repository = await open();
      await writeSample(repository, { runId: 'run-2' });
      const artifactPartial = partialName('run-2', 1, '.sql.gz');
      const stolen = { artifactPartial, attempt: 1, metadata: sampleMetadata({ runId: 'run-1' }) };
      await expect(repository.publish(stolen)).rejects.toMatchObject({ type: 'PathRefused' });
    });

    test.each(['../shop_full_20250301_120000.sql.gz', 'shop.sql.gz', 'a/b_full_20250301_120000.sql.gz', ''])(
      'backup_file %j is refused',
      async (backup_file) => {
        const repository = await open();
        const publication = await writeSample(repository);
        publication.metadata.backup_file = backup_file;
        await expect(repository.publish(publication)).rejects.toMatchObject({ type: 'PathRefused' });
      },
    );
  });

  describe(`${kind}: partial files`, () => {
    test('an attempt cannot open a partial file that is there already', async () => {
      const repository = await open();
      const name = partialName('run-1', 1, '.sql.gz');
      await (await repository.createPartial(name)).close();
      await expect(repository.createPartial(name)).rejects.toMatchObject({ type: 'StorageFailed' });
    });

    test.each(['shop.sql.gz', '.partial-../x', '.partial-a/b', '.partial-a\0', '.partial-a\n', '/tmp/x'])(
      'the name %j is refused',
      async (name) => {
        const repository = await open();
        await expect(repository.createPartial(name)).rejects.toMatchObject({ type: 'PathRefused' });
      },
    );

    test('a partial file that is discarded goes; one whose name is another file by now leaves that', async () => {
      const repository = await open();
      const name = partialName('run-1', 1, '.sql.gz');
      const first = await repository.createPartial(name);
      expect(await first.isInPlace()).toBe(true);
      await repository.removePartial(name);
      expect(await first.isInPlace()).toBe(false);
      const second = await repository.createPartial(name);
      await first.discard();
      expect(await second.isInPlace()).toBe(true);
      await second.discard();
      expect(await repository.removePartial(name)).toBe(false);
    });

    test('removing the partial files of a run leaves those of other runs and of later attempts', async () => {
      const repository = await open();
      const names = ['run-1', 'run-1-1', 'run-10', 'run-2'].map((run) => partialName(run, 1, '.sql.gz'));
      const second = partialName('run-1', 2, '.sql.gz');
      for (const name of [...names, second]) await repository.writePartial(name, 'x');
      expect(await repository.removePartials('run-1', { upToAttempt: 1 })).toEqual([names[0]]);
      expect(await repository.removePartials('run-1')).toEqual([second]);
      expect(await repository.removePartials('run-1')).toEqual([]);
      for (const run of ['run-1-1', 'run-10', 'run-2']) {
        expect(await repository.removePartials(run)).toEqual([partialName(run, 1, '.sql.gz')]);
      }
    });

    test('partial files of dead runs go once they are old; published backups and young files stay', async () => {
      const repository = await open();
      const id = await publishSample(repository);
      await writeSample(repository, { runId: 'run-9' });
      expect(await repository.removeAbandonedPartials(new Date(Date.now() - 60_000))).toEqual([]);
      const later = new Date(Date.now() + 60_000);
      expect(await repository.removeAbandonedPartials(later)).toEqual([partialName('run-9', 1, '.sql.gz')]);
      expect((await repository.list()).backups.map((backup) => backup.id)).toEqual([id]);
    });
  });

  describe(`${kind}: removal`, () => {
    test('a removed backup is neither listed nor found, and removing it again says that there is none', async () => {
      const repository = await open();
      const id = await publishSample(repository, { globals: 'roles' });
      const other = await publishSample(repository, { timestamp: '20250302_120000' });
      expect(await repository.remove(id)).toBe(true);
      expect((await repository.list()).backups.map((backup) => backup.id)).toEqual([other]);
      await expect(repository.find(id)).rejects.toMatchObject({ type: 'BackupNotFound' });
      expect(await repository.remove(id)).toBe(false);
    });

    test.each(['../x', 'shop', '', 'a/b_full_20250301_120000', '\0_full_20250301_120000'])(
      'the id %j is refused',
      async (id) => {
        const repository = await open();
        await expect(repository.remove(id)).rejects.toMatchObject({ type: 'PathRefused' });
      },
    );
  });

  describe(`${kind}: leases`, () => {
    const lease = { workflowId: 'restore/default/shop', runId: 'run-9', validMs: 60_000 };

    test('X2: a backup that a run reads stays listed and whole until the run ends its lease', async () => {
      const repository = await open();
      const backupId = await publishSample(repository, { globals: 'roles' });
      const other = await publishSample(repository, { timestamp: '20250302_120000' });
      await repository.lease({ ...lease, backupId });
      await repository.lease({ ...lease, backupId });
      expect(await repository.leases()).toMatchObject([{ backupId, runId: 'run-9' }]);
      await expect(repository.remove(backupId)).rejects.toMatchObject({
        type: 'BackupInUse',
        message: expect.stringContaining(lease.workflowId),
      });
      expect(await readArtifact(repository, backupId)).toBe('a dump');
      expect(await repository.remove(other)).toBe(true);
      expect(await repository.removePartials('run-9')).toHaveLength(1);
      expect(await repository.remove(backupId)).toBe(true);
    });

    test('X2: a reader that died keeps its backup no longer than its lease', async () => {
      const repository = await open();
      const backupId = await publishSample(repository);
      await repository.lease({ ...lease, backupId, validMs: 50 });
      const removed = () => repository.remove(backupId).catch(() => 'not yet');
      await expect.poll(removed).toBe(true);
    });

    test('a backup that is not there cannot be read, and the attempt leaves nothing', async () => {
      const repository = await open();
      const backupId = 'shop_full_20250301_120000';
      await expect(repository.lease({ ...lease, backupId })).rejects.toMatchObject({
        type: 'BackupNotFound',
      });
      expect(await repository.leases()).toEqual([]);
      expect(await repository.removePartials('run-9')).toEqual([]);
    });

    test('a lease in force is never abandoned; one that is over goes like any old partial file', async () => {
      const repository = await open();
      const backupId = await publishSample(repository);
      await repository.lease({ ...lease, backupId });
      await repository.lease({ ...lease, backupId, runId: 'run-8', validMs: 1 });
      await expect.poll(async () => (await repository.leases()).length).toBe(1);
      const later = new Date(Date.now() + 60_000);
      expect(await repository.removeAbandonedPartials(later)).toEqual([
        partialName('run-8', 0, '.lease.json'),
      ]);
    });

    test('an artifact is owned by the repository it lies in', async () => {
      const [repository, another] = [await open(), await open()];
      const { path } = await repository.find(await publishSample(repository));
      expect([repository.owns(path), another.owns(path)]).toEqual([true, false]);
    });
  });

  describe(`${kind}: list and find`, () => {
    const timestamps = ['20250228_235959', '20250301_000000', '20250301_120000', '20250302_000000'];

    test('lists newest first, filtered by database and cut at the limit', async () => {
      const repository = await open();
      for (const timestamp of timestamps) await publishSample(repository, { timestamp });
      await publishSample(repository, {
        database: 'shop_full_20250301_120000',
        timestamp: '20250303_000000',
      });
      const ids = async (filter: object) => (await repository.list(filter)).backups.map(({ id }) => id);
      expect(await ids({ database: 'shop' })).toEqual(timestamps.toReversed().map((t) => `shop_full_${t}`));
      expect(await ids({ database: 'shop', limit: 1 })).toEqual(['shop_full_20250302_000000']);
      expect(await ids({ limit: 1 })).toEqual(['shop_full_20250301_120000_full_20250303_000000']);
      expect(await ids({})).toHaveLength(5);
      expect(await ids({ database: 'sho' })).toEqual([]);
    });

    test('lists what was taken within a time, its ends included, and reads no metadata far from it', async () => {
      const repository = await open();
      for (const timestamp of timestamps) await publishSample(repository, { timestamp });
      const stray = join(repository.root, 'full', 'shop_full_20250101_000000.meta');
      await writeFile(stray, 'no JSON');
      const list = async (since?: string, until?: string, limit?: number) => {
        const times = { ...(since && { since: new Date(since) }), ...(until && { until: new Date(until) }) };
        const { backups, broken } = await repository.list({ ...times, ...(limit && { limit }) });
        return { ids: backups.map(({ id }) => id.slice('shop_full_'.length)), broken: broken.length };
      };
      const [first, second, third, fourth] = timestamps;
      const [from, to] = ['2025-03-01T00:00:00Z', '2025-03-01T12:00:00Z'];
      expect(await list(from, to)).toEqual({ ids: [third, second], broken: 0 });
      expect(await list(from)).toEqual({ ids: [fourth, third, second], broken: 0 });
      expect(await list(undefined, from)).toEqual({ ids: [second, first], broken: 1 });
      expect(await list(undefined, to, 1)).toEqual({ ids: [third], broken: 0 });
      expect(await list('2025-03-03T00:00:00Z')).toEqual({ ids: [], broken: 0 });
    });

    test('lists the newest of each database, and behind a damaged one the one before', async () => {
      const repository = await open();
      for (const timestamp of timestamps) await publishSample(repository, { timestamp });
      const other = await publishSample(repository, { database: 'other', timestamp: '20250101_000000' });
      const newest = async () => (await repository.listNewest()).backups.map(({ id }) => id);
      expect(await newest()).toEqual(['shop_full_20250302_000000', other]);
      await writeFile((await repository.find('latest', 'shop')).metadataPath, '{}');
      expect(await newest()).toEqual(['shop_full_20250301_120000', other]);
      expect((await repository.listNewest()).broken).toMatchObject([{ id: 'shop_full_20250302_000000' }]);
    });

    test('finds by id, file names, full path, latest and oldest', async () => {
      const repository = await open();
      for (const timestamp of timestamps) await publishSample(repository, { timestamp });
      const id = 'shop_full_20250301_000000';
      const { path, metadataPath } = await repository.find(id);
      for (const reference of [`${id}.sql.gz`, `${id}.meta`, `full/${id}.sql.gz`, path, metadataPath]) {
        expect((await repository.find(reference)).id).toBe(id);
      }
      expect((await repository.find('latest')).id).toBe('shop_full_20250302_000000');
      expect((await repository.find('oldest', 'shop')).id).toBe('shop_full_20250228_235959');
    });

    test('an unknown backup names near ones; latest of several databases asks for one', async () => {
      const repository = await open();
      const id = await publishSample(repository);
      await publishSample(repository, { database: 'other' });
      await expect(repository.find('shop_full_20250101_000000')).rejects.toMatchObject({
        type: 'BackupNotFound',
        remedy: expect.stringContaining(id),
      });
      await expect(repository.find('shop')).rejects.toMatchObject({
        remedy: expect.stringContaining('"other", "shop"'),
      });
      await expect(repository.find('latest')).rejects.toMatchObject({
        message: expect.stringContaining('name one'),
      });
      await expect(repository.find(id, 'other')).rejects.toMatchObject({ type: 'BackupNotFound' });
      await expect(repository.find(`${id}.sql.zst`)).rejects.toMatchObject({ type: 'BackupNotFound' });
    });

    test.each(['../shop_full_20250301_120000', 'logs/x', './shop_full_20250301_120000', 'full/../x', '/x\0'])(
      'SE-3: the reference %j is refused',
      async (reference) => {
        await expect((await open()).find(reference)).rejects.toMatchObject({ type: 'PathRefused' });
      },
    );

    test.each(hostileNames)(
      'I1: a database named %j is backed up, listed, found and removed',
      async (database) => {
        const repository = await open();
        const id = await publishSample(repository, { database, globals: 'roles' });
        expect((await repository.list({ database })).backups).toMatchObject([{ id, database }]);
        expect((await repository.find('latest', database)).summary.database).toBe(database);
        expect(await repository.remove(id)).toBe(true);
        expect(await repository.list()).toEqual({ backups: [], broken: [] });
      },
    );
  });
}

const hostileNames = [
  ...[
    '-Fp',
    '$(id)',
    'a b',
    'ü"\'',
    'new\nline',
    '../x',
    '..',
    '.hidden',
    'dbname=x host=evil',
    '%2F',
    'latest',
  ],
  ...['/'.repeat(63), 'x'.repeat(63), '\u0085'.repeat(31), 'a.meta', 'a.sql.gz', '*', '\\', '😀'],
];

async function readArtifact(repository: Repository, id: string): Promise<string> {
  const handle = await repository.openArtifact(id);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
