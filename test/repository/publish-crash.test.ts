import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failpoints } from '../../src/repository/failpoint.js';
import { bundleChild, type Child } from './support/child.js';
import { publishSample, sha256, writeSample } from './support/publication.js';
import { scratchRepository } from './support/scratch.js';
import { storedSha256 } from './support/stored.js';

let child: Child;
beforeAll(async () => {
  child = await bundleChild();
});
afterAll(() => child.remove());

const olderId = 'shop_full_20250201_000000';
const newerId = 'shop_full_20250301_120000';
const visibleFrom = failpoints.publish.indexOf('publish:after-metadata-rename');

/** A repository with an older backup, in which a publication dies at `point`. */
async function crashAt(point: string) {
  const scratch = await scratchRepository();
  await publishSample(scratch.repository, { timestamp: '20250201_000000', content: 'older' });
  const publication = await writeSample(scratch.repository, { globals: 'roles' });
  const order = { verb: 'publish', root: scratch.repository.root, publication } as const;
  const outcome = await child.run(order, { env: { HOLDFAST_FAILPOINT: point } });
  expect(outcome.signal).toBe('SIGKILL');
  return { ...scratch, publication };
}

describe.each(failpoints.publish.map((point, position) => ({ point, isVisible: position >= visibleFrom })))(
  'P3: killed at $point',
  ({ point, isVisible }) => {
    test('the backup is whole or absent, and nothing is broken', async () => {
      const { repository } = await crashAt(point);
      const { backups, broken } = await repository.list();
      expect(broken).toEqual([]);
      expect(backups.map(({ id }) => id)).toEqual(isVisible ? [newerId, olderId] : [olderId]);
      for (const { id, checksum } of backups) expect(await storedSha256(repository, id)).toBe(checksum);
    });

    test('the next attempt completes it and leaves no partial file', async () => {
      const { repository, publication, files } = await crashAt(point);
      await repository.publish({ ...publication, attempt: 2 });
      await repository.removePartials('run-1');
      expect((await repository.list()).backups.map(({ id }) => id)).toEqual([newerId, olderId]);
      expect(await storedSha256(repository, newerId)).toBe(sha256('a dump'));
      expect((await repository.find(newerId)).globalsPath).not.toBeNull();
      expect(files()).toEqual([
        `${olderId}.meta`,
        `${olderId}.sql.gz`,
        `${newerId}.globals.sql.gz`,
        `${newerId}.meta`,
        `${newerId}.sql.gz`,
      ]);
    });

    test('a cleanup instead of a next attempt leaves all of it or nothing', async () => {
      const { repository, files } = await crashAt(point);
      await repository.removePartials('run-1');
      expect(files().filter((name) => name.includes('20250301'))).toHaveLength(isVisible ? 3 : 0);
      expect(files().filter((name) => name.startsWith('.'))).toEqual([]);
      expect(await storedSha256(repository, olderId)).toBe(sha256('older'));
    });
  },
);

test('a run that died after its rename loses its files to no cleanup of another run', async () => {
  const { repository, publication } = await crashAt('publish:after-rename');
  await repository.removePartials('run-2');
  await repository.publish({ ...publication, attempt: 2 });
  expect(await storedSha256(repository, newerId)).toBe(sha256('a dump'));
});

test('what a dead run renamed and nobody published goes with its draft once it is old', async () => {
  const { repository, files } = await crashAt('publish:after-globals-rename');
  await repository.removeAbandonedPartials(new Date(Date.now() + 60_000));
  expect(files()).toEqual([`${olderId}.meta`, `${olderId}.sql.gz`]);
});

describe.each(failpoints.remove)('a removal killed at %s', (point) => {
  async function killedRemoval() {
    const scratch = await scratchRepository();
    const id = await publishSample(scratch.repository, { globals: 'roles' });
    const order = { verb: 'remove', root: scratch.repository.root, id } as const;
    const outcome = await child.run(order, { env: { HOLDFAST_FAILPOINT: point } });
    expect(outcome.signal).toBe('SIGKILL');
    expect(await scratch.repository.list()).toEqual({ backups: [], broken: [] });
    return { ...scratch, id };
  }

  test('is finished when it is tried again', async () => {
    const { repository, id, files } = await killedRemoval();
    expect(await repository.remove(id)).toBe(true);
    expect(files()).toEqual([]);
  });

  test('is finished by the next cleanup', async () => {
    const { repository, files } = await killedRemoval();
    await repository.removeAbandonedPartials(new Date(0));
    expect(files()).toEqual([]);
  });
});
