import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sha256 } from '../../src/sha256.js';
import { scriptedBasebackup } from '../support/base-backup.js';
import type { CommandEnd } from '../support/holdfast.js';
import { flipBit } from './support/flip-bit.js';
import { patience, patiently } from './support/scene.js';
import { startSlowWire } from './support/slow-wire.js';
import { onSmallDisk, whyNoSmallDisk } from './support/small-disk.js';
import { baseDigests, openWalScene, partials, type WalScene } from './support/wal-scene.js';
import { unless, whyNot } from './support/why-not.js';

let scene: WalScene;
/** Base backups at the beginning of a test: none of them may change. */
let older: Record<string, string>;

beforeAll(async () => {
  scene = await openWalScene();
});
beforeEach(async () => {
  older = await baseDigests(scene);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** The command ended with that cause alone, nothing half done is left, and the next cycle needs no repair by hand. */
async function holds({ exitCode, stderr }: CommandEnd, expected: number, cause?: RegExp): Promise<void> {
  expect(exitCode, stderr).toBe(expected);
  const causes = stderr.split('\n').filter((line) => line.startsWith('✗'));
  expect(causes, stderr).toEqual(cause ? [expect.stringMatching(cause)] : []);
  expect(await partials(scene)).toEqual([]);
  expect(await baseDigests(scene)).toMatchObject(older);
  expect(await scene.place.run('wal'), 'the next cycle').toMatchObject({ exitCode: 0 });
}

test(
  'P1: a worker killed mid base backup: the next one begins anew, and there is one more',
  patience,
  async () => {
    const before = await scene.bases();
    const slow = 'exec "$real" --max-rate=512k "$@"';
    const PG_BIN_DIR = await scriptedBasebackup(scene.cluster, join(scene.place.folder, 'slow'), slow);
    const doomed = await scene.startWorker({ PG_BIN_DIR });
    const command = scene.place.run('wal', '--base');
    await vi.waitUntil(() => partialBaseBytes() > 100_000, patiently);
    await doomed.end('SIGKILL');
    const worker = await scene.startWorker();
    const end = await command;
    await worker.end('SIGTERM');
    expect(end.stderr).toContain('taking a base backup: attempt 2, since: ');
    expect(await scene.bases()).toHaveLength(before.length + 1);
    const sessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'";
    await expect.poll(() => scene.cluster.psql(sessions), patiently).toBe('0');
    expect(await scene.cluster.psql('SELECT count(*) FROM pg_replication_slots')).toBe('0');
    await holds(end, 0);
  },
);

/** Of what is being copied. */
function partialBaseBytes(): number {
  const { incremental } = scene.layout;
  const folders = readdirSync(incremental).filter((name) => name.startsWith('.partial-'));
  const files = folders.flatMap((folder) =>
    readdirSync(join(incremental, folder)).map((name) => join(incremental, folder, name)),
  );
  return files.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}

test(
  'N1, N2: a base backup whose connection is cut, and then stalls, begins anew, and there is one more',
  patience,
  async () => {
    const before = await scene.bases();
    await using wire = await startSlowWire(scene.cluster.port);
    wire.cutAfter = { backBytes: 1_000_000 };
    wire.bytesPerSecond = 2_000_000;
    const env = { PGHOST: '127.0.0.1', PGPORT: String(wire.port) };
    const command = scene.place.start(['wal', '--base'], env);
    let told = '';
    command.stderr?.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    await expect.poll(() => told, patiently).toContain('taking a base backup: attempt 2, since: ');
    await vi.waitUntil(() => partialBaseBytes() > 100_000, patiently);
    wire.stall();
    wire.bytesPerSecond = Infinity;
    const { exitCode, stdout, stderr } = await command;
    expect(stderr).toContain('taking a base backup: attempt 3, since: ');
    expect(await scene.bases()).toHaveLength(before.length + 1);
    await holds({ exitCode, stdout, stderr }, 0);
  },
);

const noZstd = whyNot('zstd', ['--version']);
test.skipIf(noZstd !== undefined)(
  `P1: a worker killed while it compresses: every segment is there once, with its bytes${unless(noZstd)}`,
  patience,
  async () => {
    const names = await scene.fill(5);
    const digests = names.map((name) => sha256(readFileSync(join(scene.layout.wal, name))));
    const doomed = await scene.startWorker({ PATH: slowZstd() });
    const command = scene.place.run('wal', '--no-switch');
    const written = () => readdirSync(scene.layout.partials).filter((name) => name.includes('.compress-'));
    await vi.waitUntil(() => written().length > 0, patiently);
    await doomed.end('SIGKILL');
    const worker = await scene.startWorker();
    const end = await command;
    await worker.end('SIGTERM');
    expect(end.stderr).toContain('compressing segments: attempt 2, since: ');
    const archived = readdirSync(scene.layout.wal);
    expect(names.map((name) => archived.filter((file) => file.startsWith(name)))).toEqual(
      names.map((name) => [`${name}.zst`]),
    );
    const unpacked = names.map((name) =>
      execFileSync('zstd', ['-dcq', join(scene.layout.wal, `${name}.zst`)], { maxBuffer: 1e8 }),
    );
    expect(unpacked.map(sha256)).toEqual(digests);
    await holds(end, 0);
  },
);

/** PATH with a zstd that passes on half a segment, and then takes its time. */
function slowZstd(): string {
  const folder = join(scene.place.folder, 'slow-zstd');
  mkdirSync(folder, { recursive: true });
  const real = execFileSync('sh', ['-c', 'command -v zstd'], { encoding: 'utf8' }).trim();
  const script = `#!/bin/sh
case " $* " in *' -3 '*) head -c 500000 | '${real}' "$@"; exec sleep 5;; esac
exec '${real}' "$@"
`;
  writeFileSync(join(folder, 'zstd'), script);
  chmodSync(join(folder, 'zstd'), 0o755);
  return `${folder}:${process.env.PATH}`;
}

const noSmallDisk = whyNoSmallDisk();
const smallDisk = (freeKb: number, ...options: string[]) =>
  onSmallDisk(
    { backupDir: scene.backupDir, folder: scene.place.folder },
    { sizeKb: 64 * 1024, freeKb },
    (wrapper) => scene.walUnder(wrapper, '--no-switch', ...options),
  );

test.skipIf(noSmallDisk !== undefined)(
  `D1: a disk that fills mid base backup: told with the bytes needed and free, once, and nothing stays${unless(noSmallDisk)}`,
  patience,
  async () => {
    const end = await smallDisk(1500, '--base');
    expect(end.stderr).not.toContain('attempt 2');
    await holds(end, 4, /No space left on device.*\d{4,} bytes \(.*\) needed, \d+ bytes .*free/);
  },
);

test.skipIf(noSmallDisk !== undefined)(
  `D1: a disk that fills while segments are compressed: told with the bytes needed and free, and every segment stays${unless(noSmallDisk)}`,
  patience,
  async () => {
    // Of bytes that hardly get fewer.
    const random = "SELECT string_agg(md5(random()::text), '') AS noise FROM generate_series(1, 40000)";
    await scene.cluster.psql(`CREATE TABLE noise AS ${random}`);
    const names = await scene.fill(1);
    const digests = names.map((name) => sha256(readFileSync(join(scene.layout.wal, name))));
    const end = await smallDisk(250);
    expect(end.stderr).not.toContain('attempt 2');
    expect(names.map((name) => sha256(readFileSync(join(scene.layout.wal, name))))).toEqual(digests);
    await holds(end, 4, /ENOSPC.*\d{4,} bytes \(.*\) needed, \d+ bytes .*free/);
  },
);

test(
  'G5: a flipped bit in a heap page ends the base backup, and the older ones are kept',
  patience,
  async () => {
    const { cluster } = scene;
    // An autovacuum that sets hint bits would have the page written anew, without the flip.
    const untouched = 'TABLE trades WITH (autovacuum_enabled = off)';
    const rows = 'SELECT generate_series(1, 10000) AS id';
    await cluster.psql(`DROP TABLE IF EXISTS trades; CREATE ${untouched} AS ${rows}; CHECKPOINT`);
    const file = await cluster.psql("SELECT pg_relation_filepath('trades')");
    await flipBit(cluster, file);
    const end = await scene.place.run('wal', '--base', '--no-switch');
    await flipBit(cluster, file);
    expect(end.stderr).not.toContain('attempt 2');
    expect(end.stderr).toContain('keep the older');
    await holds(end, 4, /checksum/);
  },
);
