import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleChild, type Child } from './support/child.js';
import { publishSample, writeSample } from './support/publication.js';
import { scratchFolder, scratchRepository } from './support/scratch.js';
import { storedSha256 } from './support/stored.js';
import { whyNoTracing } from './support/tracing.js';

let child: Child;
beforeAll(async () => {
  child = await bundleChild();
});
afterAll(() => child.remove());

const reason = whyNoTracing();
const title = reason === undefined ? '' : ` (skipped: ${reason})`;

/** One thread for all file operations, since strace counts calls by thread. */
const oneThread = { UV_THREADPOOL_SIZE: '1' };

describe.skipIf(reason !== undefined)(`system calls of a publication${title}`, () => {
  test('P4: data is fsynced, renamed, the folder fsynced; the metadata last, the same way', async () => {
    const { repository, full } = await scratchRepository();
    const publication = await writeSample(repository, { globals: 'roles' });
    const log = join(scratchFolder(), 'calls');
    const wrapper = [
      'strace',
      '-f',
      '-y',
      '-o',
      log,
      '-e',
      'trace=fsync,fdatasync,rename,renameat,renameat2',
    ];
    const order = { verb: 'publish', root: repository.root, publication } as const;
    expect(await child.run(order, { wrapper })).toMatchObject({ listed: ['shop_full_20250301_120000'] });
    expect(callsIn(readFileSync(log, 'utf8'), full)).toEqual([
      'fsync .partial-run-1-1.meta',
      'fsync .partial-run-1-1.sql.gz',
      'rename .partial-run-1-1.sql.gz shop_full_20250301_120000.sql.gz',
      'fsync .partial-run-1-1.globals.sql.gz',
      'rename .partial-run-1-1.globals.sql.gz shop_full_20250301_120000.globals.sql.gz',
      'fsync folder',
      'rename .partial-run-1-1.meta shop_full_20250301_120000.meta',
      'fsync folder',
    ]);
  });

  test('D3: whichever fsync fails, no backup is visible, nothing stays, and a new dump succeeds', async () => {
    const { repository, files } = await scratchRepository();
    await publishSample(repository, { timestamp: '20250201_000000' });
    const before = files();
    for (const when of [1, 2, 3, 4, 5]) {
      const publication = await writeSample(repository, { globals: 'roles', content: `dump ${when}` });
      const log = join(scratchFolder(), 'calls');
      const inject = `inject=fsync:error=EIO:when=${when}`;
      const wrapper = ['strace', '-f', '-y', '-o', log, '-e', 'trace=fsync', '-e', inject];
      const order = { verb: 'publish', root: repository.root, publication } as const;
      const outcome = await child.run(order, { wrapper, env: oneThread });
      expect(outcome).toMatchObject({ type: 'StorageFailed', exitCode: 4, retryable: true });
      expect(outcome.listed).toEqual(['shop_full_20250201_000000']);
      expect(files()).toEqual(before);
      expect(fsyncsAfterFailure(readFileSync(log, 'utf8'))).toEqual([]);
      await expect(repository.publish({ ...publication, attempt: 2 })).rejects.toMatchObject({
        message: expect.stringContaining('must be written anew'),
      });
    }
    const id = await publishSample(repository, { globals: 'roles', content: 'dump 9' });
    expect(await storedSha256(repository, id)).toBe((await repository.readMetadata(id)).checksum);
  });

  test('D3: a dump whose own fsync fails is removed, and never fsynced again', async () => {
    const { repository, files } = await scratchRepository();
    const log = join(scratchFolder(), 'calls');
    const wrapper = [
      'strace',
      '-f',
      '-y',
      '-o',
      log,
      '-e',
      'trace=fsync',
      '-e',
      'inject=fsync:error=EIO:when=1',
    ];
    const order = { verb: 'back-up', root: repository.root } as const;
    const outcome = await child.run(order, { wrapper, env: oneThread });
    expect(outcome).toMatchObject({
      type: 'StorageFailed',
      message: expect.stringMatching(/EIO.*must be written anew/),
    });
    expect(files()).toEqual([]);
    expect(readFileSync(log, 'utf8').match(/fsync\(/g)).toHaveLength(1);
  });
});

/** `fsync NAME` and `rename FROM TO` that succeeded, in order, names relative to the folder. */
function callsIn(log: string, folder: string): string[] {
  const calls: string[] = [];
  for (const line of log.split('\n')) {
    const name = (path: string) => (path === folder ? 'folder' : path.replace(`${folder}/`, ''));
    const synced = /(?:fsync|fdatasync)\(\d+<(.+?)>/.exec(line)?.[1];
    const renamed = /rename\w*\((?:AT_FDCWD(?:<[^>]*>)?, )?"(.+?)", (?:AT_FDCWD(?:<[^>]*>)?, )?"(.+?)"/.exec(
      line,
    );
    if (synced !== undefined) calls.push(`fsync ${name(synced)}`);
    if (renamed) calls.push(`rename ${name(renamed[1] ?? '')} ${name(renamed[2] ?? '')}`);
  }
  return calls;
}

/** Files fsynced again after an fsync of them had failed; the folder, which is not written anew, aside. */
function fsyncsAfterFailure(log: string): string[] {
  const failed = new Set<string>();
  const again: string[] = [];
  for (const line of log.split('\n')) {
    const path = /fsync\(\d+<(.+?)>/.exec(line)?.[1];
    if (path === undefined || path.endsWith('/full')) continue;
    if (failed.has(path)) again.push(path);
    if (line.includes('EIO')) failed.add(path);
  }
  return again;
}
