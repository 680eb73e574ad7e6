import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupSummary } from '../../src/domain/backup/metadata.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { dumpOf, loadByHand } from '../support/dump-of.js';
import { createHeldDump, type HeldDump } from '../support/held-dump.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { patience } from '../support/patience.js';

const workflowId = 'full-backup/default/shop';
let cluster: Cluster;
let place: Workplace;
let dump: HeldDump;

beforeAll(async () => {
  cluster = await startCluster();
  place = await createWorkplace(cluster.env);
  dump = await createHeldDump(cluster, place.folder);
  place.env.PG_BIN_DIR = dump.binDir;
  await cluster.createDatabase('shop');
  // More than a pipe holds, so that pg_dump itself waits while the dump is held.
  await cluster.psql(
    'CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 20000) i; CREATE TABLE u AS SELECT 1',
    'shop',
  );
});

afterEach(async () => {
  await dump.release();
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test('with no Temporal a command starts one, and stops it when it is done', async () => {
  const { exitCode, stderr } = await place.run('backup', 'shop');
  expect(exitCode).toBe(0);
  expect(stderr).toContain('starting an embedded Temporal server');
  expect(await files('full')).toHaveLength(3);
  await expectNoProcess();
});

test('without a worker --detach is refused, with what to run', async () => {
  const { exitCode, stdout, stderr } = await place.run('backup', '--detach', 'shop');
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('run `holdfast worker`');
  await expectNoProcess();
});

test('a backup whose command was killed is taken up by the next one, and leaves one backup and nothing else', async () => {
  const before = await listed();
  await dump.hold();
  const killed = place.start(['backup', 'shop']);
  await dump.untilHeld(killed);
  killed.kill('SIGKILL');
  await killed;
  await dump.release();

  const next = await place.start(['--json', 'backup', 'shop']);
  expect(next).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('resuming') });
  const { backup, path } = JSON.parse(next.stdout) as FullBackupResult;
  expect(await listed()).toEqual([backup.id, ...before]);
  expect(await files('full')).toHaveLength(3 * (before.length + 1));
  await expect.poll(sessions).toBe('0');
  await cluster.createDatabase('again');
  await loadByHand(cluster, path, 'again');
  expect(await dumpOf(cluster, 'again')).toBe(await dumpOf(cluster, 'shop'));
  await expectNoProcess();
});

test('Ctrl-C in the middle of a dump leaves no backup, no partial file and no session', async () => {
  const before = await files('full');
  await dump.hold();
  const interrupted = place.start(['backup', 'shop'], { STALL_TIMEOUT_SECONDS: '300' });
  await dump.untilHeld(interrupted);
  interrupted.kill('SIGINT');
  const { exitCode, stderr } = await interrupted;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('cancelled');
  expect(await files('full')).toEqual(before);
  await expect.poll(sessions).toBe('0');
  await expectNoProcess();
});

test('after a second Ctrl-C, which leaves at once, the next command waits for that end and makes its backup', async () => {
  const before = await listed();
  await dump.hold();
  const interrupted = place.start(['backup', 'shop'], { STALL_TIMEOUT_SECONDS: '3' });
  let said = '';
  interrupted.stderr.on('data', (words) => {
    said += String(words);
  });
  await dump.untilHeld(interrupted);
  interrupted.kill('SIGINT');
  await vi.waitUntil(() => said.includes('cancelling'), patience);
  interrupted.kill('SIGINT');
  expect((await interrupted).exitCode).toBe(130);
  await dump.release();
  const next = await place.start(['--json', 'backup', 'shop']);
  expect(next).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('waiting for the end') });
  expect(next.stderr).not.toContain('backup_failed');
  const { backup } = JSON.parse(next.stdout) as FullBackupResult;
  expect(await listed()).toEqual([backup.id, ...before]);
  await expectNoProcess();
});

test('a worker on the embedded server does what commands of other processes ask', async () => {
  const before = await listed();
  await using worker = await startWorker();
  await dump.hold();
  const first = place.start(['--json', 'backup', 'shop'], { STALL_TIMEOUT_SECONDS: '300' });
  await dump.untilHeld(first);

  const second = await place.run('backup', 'shop');
  expect(second.exitCode).toBe(7);
  expect(second.stderr).toContain(workflowId);

  await dump.release();
  const { stdout, exitCode } = await first;
  expect(exitCode).toBe(0);
  const { backup } = JSON.parse(stdout) as FullBackupResult;
  expect(worker.output()).toContain(`published ${backup.id}`);

  const detached = await place.json<{ workflowId: string; runId: string }>('backup', '--detach', 'shop');
  expect(detached.workflowId).toBe(workflowId);
  // Not its backup alone: what is still running when its worker stops would be in the next test's way.
  await vi.waitUntil(async () => (await worker.statusOf(workflowId)) === 'COMPLETED', patience);
  expect(await listed()).toHaveLength(before.length + 2);
});

test('Ctrl-C cancels a workflow that a worker runs', async () => {
  const before = await files('full');
  await using worker = await startWorker();
  await dump.hold();
  const command = place.start(['backup', 'shop'], { STALL_TIMEOUT_SECONDS: '300' });
  await dump.untilHeld(command);
  command.kill('SIGINT');
  expect(await command).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('cancelled') });
  expect(await worker.statusOf(workflowId)).toBe('CANCELLED');
  expect(await files('full')).toEqual(before);
});

test('a worker that is told to stop ends with 0, and the server with it', async () => {
  const worker = await startWorker();
  expect(await worker.stop()).toBe(0);
  await expectNoProcess();
});

/** A `holdfast worker` that is up. */
async function startWorker() {
  const process = place.start(['-v', 'worker']);
  let output = '';
  process.stderr?.on('data', (text: Buffer) => {
    output += text.toString();
  });
  const isUp = () => {
    if (process.exitCode !== null) throw new Error(`the worker ended: ${output}`);
    return output.includes('Web UI: ');
  };
  await vi.waitUntil(isUp, patience);
  const stop = async () => {
    process.kill('SIGTERM');
    return (await process).exitCode;
  };
  return {
    output: () => output,
    stop,
    async statusOf(id: string): Promise<string> {
      const address = / on Temporal at (\S+)/.exec(output)?.[1] ?? '';
      const connection = await Connection.connect({ address });
      try {
        return (await new Client({ connection }).workflow.getHandle(id).describe()).status.name;
      } finally {
        await connection.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

async function listed(): Promise<string[]> {
  const { backups } = await place.json<{ backups: BackupSummary[] }>('list');
  return backups.map(({ id }) => id);
}

async function files(folder: string): Promise<string[]> {
  return (await readdir(join(place.backupDir, folder))).sort();
}

/** Sessions of Holdfast and its programs. */
function sessions(): Promise<string> {
  return cluster.psql(`SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'`);
}

/** The server stays for a second after its last command. */
async function expectNoProcess(): Promise<void> {
  await expect.poll(() => processesWith(join(place.folder, 'state'))).toEqual([]);
}

async function processesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text));
}
