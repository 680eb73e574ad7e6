import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localRepository } from '../../src/repository/local/local-repository.js';
import { findRestoreSource } from '../../src/repository/restore-source.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-restore-source-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function find(name: string) {
  const reference = join(folder, name);
  await writeFile(reference, 'some bytes');
  const repository = localRepository(join(folder, 'data'), 'default');
  return findRestoreSource(repository, { reference, allowUnverified: true });
}

test.each([
  ['old.sql.gz', 'gzip', 'old'],
  ['old.sql.zst', 'zstd', 'old'],
  ['old.lz4', 'lz4', 'old'],
])('%s, made by anybody, is taken where unverified files are allowed', async (name, compression, id) => {
  expect(await find(name)).toMatchObject({ id, compression, metadata: null, sizeBytes: 10 });
});

test.each(['shop.dump', 'shop.sql', 'shop.tar'])(
  '%s, which is there but no compressed plain dump, is told as that',
  async (name) => {
    await expect(find(name)).rejects.toMatchObject({
      type: 'BackupNotFound',
      message: expect.stringContaining('ends in none of .gz, .zst and .lz4'),
    });
  },
);
