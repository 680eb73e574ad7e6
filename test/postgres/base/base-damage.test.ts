import { execFileSync } from 'node:child_process';
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readBase } from '../../../src/postgres/base/read-base.js';
import { takeBase } from '../../../src/postgres/base/take-base.js';
import type { FoundBase } from '../../../src/repository/base/read-base-backup.js';
import { ownMounts, whyNoMounts } from '../../repository/support/tracing.js';
import { backUpBase, scriptedBasebackup, takeFrom } from '../../support/base-backup.js';
import { type Cluster, startCluster } from '../../support/cluster.js';

let cluster: Cluster;
let root: string;
let base: FoundBase;
/** A copy for each test to spoil. */
let folder: string;
beforeAll(async () => {
  cluster = await startCluster();
  root = await mkdtemp(join(tmpdir(), 'hf-damage-'));
  base = await backUpBase(cluster, root);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  folder = join(root, 'copy');
  await cp(base.folder, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = (more: Partial<Parameters<typeof readBase>[0]> = {}) =>
  readBase({
    folder,
    systemIdentifier: base.metadata.system_identifier,
    walSegmentSizeBytes: base.metadata.wal_segment_size,
    ...more,
  });
const shell = (script: string) =>
  execFileSync('sh', ['-ec', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
const damaged = (message: RegExp) => ({
  type: 'VerificationFailed',
  message: expect.stringMatching(message),
});

/** Unpacks base.tar.zst, changes something, and packs it as PostgreSQL would have. */
const repack = (change: string) =>
  shell(`mkdir t; zstd -dcq base.tar.zst | tar -C t -xf -; cd t; ${change}
    tar --format=ustar -cf - -- * | zstd -q > ../base.tar.zst; cd ..; rm -r t`);

test('an untouched one is whole, and every stored byte is read', async () => {
  let readBytes = 0;
  const found = await read({ onProgress: (bytes) => (readBytes = bytes) });
  expect(found.files).toEqual(base.metadata.files);
  expect(readBytes).toBe(base.metadata.size_bytes - (await readFile(join(folder, 'backup_manifest'))).length);
});

test('one packed anew by other tools is whole as well', async () => {
  repack(':');
  expect((await read()).clusterFiles).toBe(base.metadata.cluster_files);
});

describe('what is damaged is told by name:', () => {
  test('a flipped bit in the compressed bytes', async () => {
    const bytes = await readFile(join(folder, 'base.tar.zst'));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(join(folder, 'base.tar.zst'), bytes);
    await expect(read()).rejects.toMatchObject(damaged(/base\.tar\.zst: /));
  });

  test('a flipped bit under good compression', async () => {
    repack('printf x | dd of=global/pg_control bs=1 seek=4000 conv=notrunc 2>/dev/null');
    await expect(read()).rejects.toMatchObject(damaged(/"global\/pg_control" has SHA-256 .* manifest says/));
  });

  test('an archive cut short', async () => {
    await truncate(join(folder, 'base.tar.zst'), 100_000);
    await expect(read()).rejects.toMatchObject(damaged(/base\.tar\.zst: /));
  });

  test('a tar cut short under good compression', async () => {
    shell(`zstd -dcq '${base.folder}/base.tar.zst' | head -c 5000000 | zstd -qf -o base.tar.zst`);
    await expect(read()).rejects.toMatchObject(damaged(/it ends (within|at byte)/));
  });

  test('a file that is missing, one too many, one of another size', async () => {
    repack('rm global/1262');
    await expect(read()).rejects.toMatchObject(damaged(/"global\/1262" of its manifest are missing/));
    repack('touch global/stranger');
    await expect(read()).rejects.toMatchObject(
      damaged(/"global\/stranger", which its manifest does not name/),
    );
    repack('rm global/stranger; echo >> PG_VERSION');
    await expect(read()).rejects.toMatchObject(damaged(/"PG_VERSION" has 4 bytes, its manifest says 3/));
  });

  test('a manifest changed or cut', async () => {
    const path = join(folder, 'backup_manifest');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"Size": 3,', '"Size": 4,'));
    await expect(read()).rejects.toMatchObject(damaged(/its Manifest-Checksum is/));
    await writeFile(path, text.slice(0, -100));
    await expect(read()).rejects.toMatchObject(damaged(/cut short/));
  });

  test('an archive or the WAL missing, and WAL of another cluster', async () => {
    await rename(join(folder, 'pg_wal.tar.zst'), join(root, 'wal'));
    await expect(read()).rejects.toMatchObject(damaged(/segment [0-9A-F]{24}, .* is missing/));
    await rename(join(root, 'wal'), join(folder, 'pg_wal.tar.zst'));
    const systemIdentifier = '7000000000000000000';
    await expect(read({ systemIdentifier })).rejects.toMatchObject(damaged(/segment .* is of system \d+/));
    await rm(join(folder, 'base.tar.zst'));
    await expect(read()).rejects.toMatchObject(damaged(/files of its manifest are missing/));
  });

  test('something after the end', async () => {
    shell('(zstd -dcq base.tar.zst; echo more) | zstd -qf -o other; mv other base.tar.zst');
    await expect(read()).rejects.toMatchObject(damaged(/follows the end of the tar|no tar header|it ends/));
    await appendFile(join(folder, 'pg_wal.tar.zst'), 'more');
    await cp(join(base.folder, 'base.tar.zst'), join(folder, 'base.tar.zst'));
    await expect(read()).rejects.toMatchObject(damaged(/pg_wal\.tar\.zst/));
  });
});

describe('S1: a tar that would lead elsewhere is refused:', () => {
  /** Adds a member to the end of base.tar. */
  const smuggle = (make: string, pack: string) =>
    shell(`zstd -dcq base.tar.zst > b.tar; mkdir x; cd x; ${make}
      tar --format=ustar -P -rf ../b.tar ${pack}; cd ..; zstd -qf b.tar -o base.tar.zst; rm -r x b.tar`);

  test.each([
    ['a symbolic link', 'ln -s /etc out', 'out', /"out" is a symbolic link/],
    ['a hard link', 'echo a > a; ln a b', 'a b; tar --delete -f ../b.tar a', /"b" is a hard link/],
    ['a name with ..', 'echo a > a', '--transform=s,^,../../, a', /"\.\.\/\.\.\/a", a name that could lead/],
    ['.. further in', 'echo a > a', '--transform=s,^,base/../../, a', /a name that could lead elsewhere/],
    ['an absolute name', 'echo a > a', '--transform=s,^,/tmp/, a', /"\/tmp\/a", a name that could lead/],
    ['a device', 'mkfifo p', 'p', /"p" is of type "6"/],
    ['the same name twice', 'echo 99 > PG_VERSION', 'PG_VERSION', /holds "PG_VERSION" twice/],
  ])('%s', async (_what, make, pack, message) => {
    smuggle(make, pack);
    await expect(read()).rejects.toMatchObject(damaged(message));
  });

  test('a stored file that is a symbolic link', async () => {
    await rename(join(folder, 'base.tar.zst'), join(root, 'elsewhere'));
    await symlink(join(root, 'elsewhere'), join(folder, 'base.tar.zst'));
    await expect(read()).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
  });
});

const noMounts = whyNoMounts();
test.skipIf(noMounts !== undefined)(
  `D1: a disk that fills meanwhile is told with the bytes needed and free${noMounts ? ` (skipped: ${noMounts})` : ''}`,
  async () => {
    const target = join(root, 'full');
    await mkdir(target);
    const inside = `mount -t tmpfs -o size=1m tmpfs "$0" && "$@"`;
    const script = `exec ${ownMounts.join(' ')} sh -c '${inside}' '${target}' "$real" "$@"`;
    const pgBinDir = await scriptedBasebackup(cluster, join(root, 'bin'), script);
    const taking = takeBase({ ...takeFrom(cluster, target), tools: { pgBinDir } });
    const error: unknown = await taking.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ type: 'NotEnoughSpace', exitCode: 4 });
    expect(String(error)).toMatch(
      /No space left on device.*\d{4,} bytes \(.*\) needed, \d+ bytes \(.*\) free/,
    );
  },
);
