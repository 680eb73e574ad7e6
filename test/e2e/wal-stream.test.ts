import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { RecoveryResult } from '../../src/domain/recovery/contracts.js';
import type { WalStreamStatus } from '../../src/domain/wal/stream-contracts.js';
import { walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { processes } from '../faults/support/processes.js';
import { drained } from '../support/archiving-cluster.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type RunningCommand, type Workplace } from '../support/holdfast.js';
import { patience, patienceWithCommands } from '../support/patience.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

let cluster: Cluster;
let temporal: TemporalServer;
let place: Workplace;
let worker: RunningCommand;
let backupDir: string;
/** What workers have logged. */
let heard = '';

beforeAll(async () => {
  cluster = await startCluster({
    initdbArgs: ['--wal-segsize=1'],
    settings: { max_slot_wal_keep_size: '200MB', min_wal_size: '2MB', max_wal_size: '2MB' },
  });
  temporal = await startTemporal();
  backupDir = join(dirname(cluster.dataDir), 'backups');
  place = await createWorkplace({
    ...cluster.env,
    ...temporal.env,
    BACKUP_DIR: backupDir,
    PG_BIN_DIR: cluster.binDir,
    HOLDFAST_HOST: 'Stream-1',
    STALL_TIMEOUT_SECONDS: '3',
  });
  await cluster.psql('CREATE TABLE marks (mark int)');
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const slot = /^holdfast_default_stream_1_[0-9a-f]{8}$/;
const status = () =>
  temporal.client.workflow.getHandle('wal-stream/default').query<WalStreamStatus>('status');
const names = (folder: string) => readdirSync(folder).filter((name) => /^[0-9A-F]{8}/.test(name));

async function startWorker(): Promise<void> {
  worker = place.start(['worker']);
  const before = heard.length;
  worker.stderr?.on('data', (text) => {
    heard += text;
  });
  await vi.waitUntil(() => heard.slice(before).includes('working for host'), patience);
}

async function killWorker(): Promise<void> {
  worker.kill('SIGKILL');
  await worker;
}

/** Process ids of the receivers that stream into the repository. */
const receivers = () =>
  processes()
    .filter(({ args }) => /^\S*pg_receivewal /.test(args) && args.includes(backupDir))
    .map(({ pid }) => pid);

/** Commits a mark, and waits until the slot says that it was received and is durable. */
async function streamed(mark: number): Promise<void> {
  await cluster.psql(`INSERT INTO marks VALUES (${mark})`);
  const lsn = await cluster.psql('SELECT pg_current_wal_flush_lsn()');
  const has = `SELECT coalesce(bool_or(restart_lsn >= '${lsn}'), false) FROM pg_replication_slots`;
  await vi.waitUntil(async () => (await cluster.psql(has)) === 't', patience);
}

test('nobody streams yet', async () => {
  expect(await place.run('wal', 'stream', '--stop')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('nobody streams it'),
  });
});

test('a role that may not replicate is refused, with what to run', async () => {
  await cluster.psql('CREATE ROLE bob LOGIN');
  const end = await place.start(['wal', 'stream'], { PGUSER: 'bob' });
  expect(end).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('ALTER ROLE "bob" REPLICATION') });
});

test('a stream begins detached, and the cycle needs no archive command beside it', async () => {
  await startWorker();
  const begun = await place.run('wal', 'stream', '--detach');
  expect(begun).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^wal-stream\/default \(run /) });
  expect(begun.stderr).toContain('max_slot_wal_keep_size is 200 MB');
  await vi.waitUntil(async () => (await status()).flushedLsn, patience);
  expect(await status()).toMatchObject({ slot: expect.stringMatching(slot), state: 'fine' });
  const again = await place.run('wal', 'stream');
  expect(again).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('wal-stream/default') });
  const cycle = await place.run('wal');
  expect(cycle.stderr + cycle.stdout).toContain('✓ the archive of default is whole');
  expect(cycle.exitCode).toBe(0);
});

/** The database is lost with the server's whole data folder, and brought back from the repository alone. */
async function loseAndRecover(): Promise<RecoveryResult> {
  await cluster.stop('immediate');
  await rm(cluster.dataDir, { recursive: true });
  const recovered = await place.run('--json', 'restore', '--to', 'latest', '--data-dir', cluster.dataDir);
  expect(recovered.exitCode, recovered.stderr).toBe(0);
  await cluster.start();
  return JSON.parse(recovered.stdout) as RecoveryResult;
}

const marks = async () =>
  (await cluster.psql('SELECT mark FROM marks ORDER BY mark')).split('\n').map(Number);

test('no mark that was received is lost: through restarts of the server, killed workers, and the server’s loss', async () => {
  await streamed(1);
  await cluster.stop('immediate');
  await cluster.start();
  await streamed(2);
  const [orphan] = receivers();
  await killWorker();
  // Its receiver goes on without it.
  await streamed(3);
  await startWorker();
  await vi.waitUntil(() => receivers().length === 1 && receivers()[0] !== orphan, patience);
  await streamed(4);
  await Promise.all([killWorker(), cluster.stop('immediate')]);
  await cluster.start();
  await startWorker();
  await cluster.psql('SELECT pg_switch_wal()');
  await streamed(5);
  await streamed(6);

  const result = await loseAndRecover();
  expect(await marks()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(result).toMatchObject({
    target: 'the end of all WAL',
    stopReason: 'at the end of all WAL',
    timeline: 2,
  });
});

test('it goes on with the recovered server, on its new timeline, and the archive stays whole', async () => {
  await streamed(7);
  await cluster.psql('SELECT pg_switch_wal()');
  await streamed(8);
  const { wal, brokenOff } = walLayout(backupDir);
  await vi.waitUntil(() => names(wal).includes('00000002.history'), patience);
  expect(names(brokenOff)).toEqual([expect.stringMatching(/^00000001.*\.partial$/)]);
  const cycle = await place.run('wal');
  expect(cycle).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is whole') });
});

test('with the archive command beside it both bring the same bytes', async () => {
  expect(await place.run('wal', 'setup', '--apply')).toMatchObject({ exitCode: 0 });
  await cluster.stop();
  await cluster.start();
  for (let mark = 10; mark < 20; mark++) {
    await streamed(mark);
    await cluster.psql('SELECT pg_switch_wal()');
  }
  await drained(cluster);
  // It counts a segment once it has noted that it is done.
  const archived = async () => Number(await cluster.psql('SELECT archived_count FROM pg_stat_archiver'));
  await expect.poll(archived).toBeGreaterThanOrEqual(10);
  expect(await cluster.psql('SELECT failed_count FROM pg_stat_archiver')).toBe('0');
  const cycle = await place.run('wal');
  expect(cycle).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is whole') });
  expect(heard).not.toContain('does not hold the same bytes');
});

test('G11: a slot that was lost is made anew, the gap is told, and a base backup makes what follows recoverable', async () => {
  await cluster.psql('ALTER SYSTEM RESET archive_command');
  await cluster.psql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
  await killWorker();
  for (const pid of receivers()) process.kill(pid, 'SIGKILL');
  await cluster.stop();
  await cluster.start();
  const lost = "SELECT wal_status = 'lost' FROM pg_replication_slots";
  for (let mark = 20; (await cluster.psql(lost)) !== 't'; mark++) {
    await cluster.psql(`INSERT INTO marks VALUES (${mark})`);
    await cluster.psql('SELECT pg_switch_wal()');
    await cluster.psql('CHECKPOINT');
  }
  const basesBefore = (await info()).baseBackups.length;
  await startWorker();
  const alert =
    /alert wal_stream: .*replication slot holdfast_default_stream_1_\w+.*; a base backup is taken/;
  await vi.waitUntil(() => alert.test(heard), patience);
  await vi.waitUntil(async () => (await info()).baseBackups.length > basesBefore, patienceWithCommands);
  expect((await info()).window.gaps).toHaveLength(1);
  await streamed(100);
  await loseAndRecover();
  expect((await marks()).at(-1)).toBe(100);
}, 240_000);

test('it is stopped, and its slot dropped', async () => {
  // The recovered server has no slot until the stream has found it.
  await streamed(101);
  const { exitCode, stdout, stderr } = await place.run('wal', 'stream', '--stop', '--drop-slot');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('✓ stopped streaming the WAL of default');
  expect(stdout).toMatch(
    /✓ dropped replication slot holdfast_default_stream_1_\w+, for which .* of WAL were kept/,
  );
  expect(await cluster.psql('SELECT count(*) FROM pg_replication_slots')).toBe('0');
  expect(receivers()).toEqual([]);
});

test('without --detach it shows how far it is, and Ctrl-C ends it', async () => {
  const command = place.start(['wal', 'stream']);
  await vi.waitUntil(() => receivers().length === 1, patience);
  command.kill('SIGINT');
  const { exitCode, stdout, stderr } = await command;
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining('✓ stopped streaming'),
  });
  expect(stderr).toContain('streaming; Ctrl-C stops it');
  expect(stderr).toMatch(/replication slot holdfast_default_\w+ stays/);
  expect(receivers()).toEqual([]);
  expect(await place.run('wal', 'stream', '--drop-slot')).toMatchObject({ exitCode: 0 });
});

interface Info {
  window: { from: string; to: string; gaps: unknown[] };
  baseBackups: unknown[];
}

async function info(): Promise<Info> {
  const { clusters } = await place.json<{ clusters: Info[] }>('info');
  if (!clusters[0]) throw new Error('there is no cluster');
  return clusters[0];
}
