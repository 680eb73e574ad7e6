import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { beatWhileServerWorks } from '../../../activities/heartbeat/busy.js';
import { inspectCluster } from '../../../src/postgres/base/inspect-cluster.js';
import { takeBase } from '../../../src/postgres/base/take-base.js';
import { baseRepository } from '../../../src/repository/base/base-repository.js';
import { backUpBase, namesIn, scriptedBasebackup, takeFrom } from '../../support/base-backup.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { patience } from '../../support/patience.js';
import { postgresVersions } from '../../support/postgresql-binaries.js';
import { serverUser } from '../../support/server-user.js';
import { giveToServer } from '../../support/template-data-dir.js';

let cluster: Cluster;
let root: string;
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.psql('CREATE TABLE trades AS SELECT g AS id, md5(g::text) FROM generate_series(1, 20000) g');
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hf-base-'));
});
afterEach(() => rm(root, { recursive: true }));

const files = async (folder: string) => (await readdir(folder)).sort();

describe.each(postgresVersions)('PostgreSQL %i', (version) => {
  test('a base backup with a tablespace is taken, proven, published and listed', async () => {
    await using server = await startCluster({ version });
    const space = join(server.dataDir, '..', 'space');
    await mkdir(space);
    await giveToServer(space);
    await server.psql(`CREATE TABLESPACE fast LOCATION '${space}'`);
    await server.psql('CREATE TABLE t TABLESPACE fast AS SELECT g FROM generate_series(1, 1000) g');
    const onProgress = vi.fn();
    const { metadata, folder } = await backUpBase(server, root, { onProgress });

    const oid = Number(await server.psql(`SELECT oid FROM pg_tablespace WHERE spcname = 'fast'`));
    const suffix = version === 14 ? '.tar.gz' : '.tar.zst';
    const archives = [`${oid}${suffix}`, `base${suffix}`, `pg_wal${suffix}`];
    expect(await files(folder)).toEqual([...archives, 'backup_manifest', 'base.meta'].sort());
    expect(metadata).toMatchObject({
      system_identifier: await server.psql('SELECT system_identifier FROM pg_control_system()'),
      pg_version: expect.stringMatching(new RegExp(`^${version}\\.`)),
      timeline: 1,
      compression: version === 14 ? 'gzip' : 'zstd',
      compressed_by: version === 14 ? 'client' : 'server',
      bootstrap_role: 'postgres',
      wal_segment_size: 16 * 1024 * 1024,
      tablespaces: [{ oid, name: 'fast', path: space }],
    });
    for (const { name, size_bytes: sizeBytes, checksum } of metadata.files) {
      const path = join(folder, name);
      expect((await stat(path)).size, name).toBe(sizeBytes);
      expect(execFileSync('sha256sum', [path], { encoding: 'utf8' }), name).toMatch(checksum);
    }
    expect((await baseRepository(root, 'default').list()).bases).toMatchObject([
      { id: metadata.id, timeline: 1 },
    ]);
    expect(onProgress.mock.lastCall?.[0].copiedBytes).toBeGreaterThan(20_000_000);
    // PostgreSQL itself agrees: its own check of a plain copy, with the WAL parsed.
    execFileSync('sh', ['-c', plainCopy, folder, join(root, 'plain'), suffix, `${oid}`]);
    execFileSync(join(server.binDir, 'pg_verifybackup'), [join(root, 'plain')]);
  });
});

test('a tablespace whose oid is above 2147483647 is read as it is', async () => {
  await using server = await startCluster();
  await server.stop();
  const reset = ['-o', '3000000000', '-D', server.dataDir];
  execFileSync(join(server.binDir, 'pg_resetwal'), reset, { ...serverUser(), cwd: '/' });
  await server.start();
  const space = join(server.dataDir, '..', 'space');
  await mkdir(space);
  await giveToServer(space);
  await server.psql(`CREATE TABLESPACE late LOCATION '${space}'`);
  const connection = { host: server.socketDir, port: server.port, user: server.user };
  const { tablespaces } = await inspectCluster(connection);
  expect(tablespaces).toEqual([{ oid: expect.any(Number), name: 'late', path: space }]);
  expect(tablespaces[0]?.oid).toBeGreaterThanOrEqual(3_000_000_000);
});

test('a server that goes on writing meanwhile: the segments that end come along, with the marks that they did', async () => {
  const pgBinDir = await scriptedBasebackup(cluster, join(root, 'bin'), 'exec "$real" --max-rate=1M "$@"');
  let writing: Promise<unknown> | undefined;
  const onProgress = () => {
    const write =
      'CREATE TABLE IF NOT EXISTS busy (); SELECT pg_switch_wal(); DROP TABLE busy; SELECT pg_switch_wal()';
    writing ??= cluster.psql(write);
  };
  const { folder, metadata } = await backUpBase(cluster, root, { tools: { pgBinDir }, onProgress });
  await writing;
  const list = `zstd -dcq '${folder}/pg_wal.tar.zst' | tar -tf -`;
  const names = execFileSync('sh', ['-c', list], { encoding: 'utf8' }).trim().split('\n');
  expect(names.filter((name) => /^[0-9A-F]{24}$/.test(name)).length).toBeGreaterThan(2);
  expect(names).toContainEqual(expect.stringMatching(/^archive_status\/[0-9A-F]{24}\.done$/));
  expect(metadata.start_lsn.slice(0, -6)).not.toBe(metadata.stop_lsn.slice(0, -6));
});

/** Unpacks by common tools alone. */
const plainCopy = `
  set -e; mkdir -p "$1/pg_tblspc/$3"
  case $2 in *.gz) cat="gzip -dc";; *) cat="zstd -dcq";; esac
  $cat "$0/base$2" | tar -C "$1" -xf -; $cat "$0/$3$2" | tar -C "$1/pg_tblspc/$3" -xf -
  $cat "$0/pg_wal$2" | tar -C "$1/pg_wal" -xf -; cp "$0/backup_manifest" "$1"`;

describe('what the server can not do', () => {
  const taking = async (user?: string) => {
    const connection = { host: cluster.socketDir, port: cluster.port, user: user ?? cluster.user };
    return takeBase({ ...takeFrom(cluster, join(root, 'x')), connection });
  };

  test('a role without REPLICATION is told by name, with what to grant', async () => {
    await cluster.psql('CREATE ROLE reader LOGIN');
    await expect(taking('reader')).rejects.toMatchObject({
      type: 'AuthenticationFailed',
      message: expect.stringMatching(/base backup of cluster "default": role "reader" .* lacks REPLICATION/),
      remedy: expect.stringContaining('ALTER ROLE "reader" REPLICATION'),
    });
  });

  test('a role with nothing but REPLICATION is enough', async () => {
    await cluster.psql('CREATE ROLE copier LOGIN REPLICATION');
    const connection = { host: cluster.socketDir, port: cluster.port, user: 'copier' };
    expect((await backUpBase(cluster, root, { connection })).metadata.cluster_files).toBeGreaterThan(900);
  });

  test('while the server writes its checkpoint nothing is copied, and the run beats', async () => {
    await using server = await startCluster({
      settings: { checkpoint_timeout: '1h', checkpoint_completion_target: '0.9' },
    });
    await server.psql('CREATE TABLE dirty AS SELECT g, md5(g::text) FROM generate_series(1, 20000) g');
    const connection = { host: server.socketDir, port: server.port, user: server.user };
    const options = {
      ...takeFrom(server, join(root, 'slow')),
      runTag: 'patient',
      checkpoint: 'spread' as const,
    };
    const [beat, onProgress] = [vi.fn(), vi.fn()];
    const beats = { serverWorks: beat, quietMs: () => Infinity };
    const taking = beatWhileServerWorks(connection, 'patient', beats, () =>
      takeBase({ ...options, onProgress }),
    );
    await vi.waitUntil(() => beat.mock.calls.length >= 2, patience);
    expect(onProgress.mock.calls.filter(([{ copiedBytes }]) => copiedBytes > 0)).toEqual([]);
    await server.psql('CHECKPOINT');
    expect(await taking).toMatchObject({ pg_version: expect.stringContaining('15') });
  });

  test('no WAL sender at all, and none free, are told apart; without a free slot it goes on', async () => {
    await using server = await startCluster({ settings: { max_wal_senders: '0' } });
    const take = () => takeBase(takeFrom(server, join(root, 'none')));
    await expect(take()).rejects.toMatchObject({
      type: 'ConfigurationInvalid',
      message: expect.stringContaining('max_wal_senders is 0, a base backup takes 2'),
    });
    await server.psql(
      'ALTER SYSTEM SET max_wal_senders = 2; ALTER SYSTEM SET max_replication_slots = 0; SELECT 1',
    );
    await server.stop();
    await server.start();
    expect((await backUpBase(server, root)).metadata.timeline).toBe(1);
    const pgBinDir = await scriptedBasebackup(server, join(root, 'bin'), 'exec "$real" --max-rate=256k "$@"');
    const abort = new AbortController();
    const slow = takeBase({
      ...{ ...takeFrom(server, join(root, 'slow')), runTag: 'slow', tools: { pgBinDir } },
      ...{ signal: abort.signal },
    });
    slow.catch(() => {});
    await vi.waitFor(async () => {
      expect(await server.psql('SELECT count(*) FROM pg_stat_replication')).toBe('2');
    }, patience);
    await expect(take()).rejects.toMatchObject({
      type: 'BaseBackupInterrupted',
      retryable: true,
      message: expect.stringContaining('of 2 WAL senders 2 are taken, a base backup takes 2'),
    });
    abort.abort();
    await expect(slow).rejects.toMatchObject({ type: 'Cancelled' });
  });

  test('a server that lacks a way of compressing: the next one', async () => {
    const said =
      'pg_basebackup: error: could not initiate base backup: ERROR:  zstd compression is not supported by this build';
    const script = `case "$*" in *server-*) echo "${said}" >&2; exit 1;; esac; exec "$real" "$@"`;
    const pgBinDir = await scriptedBasebackup(cluster, join(root, 'bin'), script);
    const { metadata, folder } = await backUpBase(cluster, root, { tools: { pgBinDir } });
    expect(metadata).toMatchObject({ compression: 'gzip', compressed_by: 'client' });
    expect(await files(folder)).toContain('pg_wal.tar.gz');
  });
});

describe('when it is cut short', () => {
  const senders = () => cluster.psql('SELECT count(*) FROM pg_stat_replication');
  const noSenders = () => vi.waitFor(async () => expect(await senders()).toBe('0'), patience);

  /** A copy that has begun and will take a while. */
  async function midCopy() {
    const pgBinDir = await scriptedBasebackup(
      cluster,
      join(root, 'bin'),
      'exec "$real" --max-rate=256k "$@"',
    );
    const repository = baseRepository(root, 'default');
    await repository.prepare();
    const folder = await repository.createPartial('run-1', 1);
    const abort = new AbortController();
    const options = { ...takeFrom(cluster, folder), tools: { pgBinDir }, signal: abort.signal };
    const onProgress = vi.fn();
    const taking = takeBase({ ...options, onProgress });
    const ended = taking.then(
      () => true,
      () => true,
    );
    while (onProgress.mock.calls.length === 0 && !(await Promise.race([ended, delay(20)])));
    return { repository, taking, abort };
  }

  test('cancellation ends the program and its sessions, and its files go with the run’s', async () => {
    const { repository, taking, abort } = await midCopy();
    abort.abort();
    await expect(taking).rejects.toMatchObject({ type: 'Cancelled' });
    await noSenders();
    expect(await repository.removePartials('run-1')).toEqual(['.partial-run-1-1']);
    expect(await namesIn(repository)).toEqual([]);
  });

  test('a server that hangs up is worth another try, and nothing is listed', async () => {
    const { repository, taking } = await midCopy();
    await cluster.psql('SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
    await expect(taking).rejects.toMatchObject({ type: 'ConnectionLost', retryable: true });
    expect((await repository.list()).bases).toEqual([]);
  });

  test('P1: what a killed worker left at work is ended by the next attempt', async () => {
    const { taking } = await midCopy();
    const next = backUpBase(cluster, root, { runId: 'run-1', attempt: 2 });
    await expect(taking).rejects.toMatchObject({ retryable: true });
    expect((await next).metadata.timeline).toBe(1);
    await noSenders();
  });
});
