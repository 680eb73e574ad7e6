import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Status } from '../../src/cli/status/telling.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createHeldDump, type HeldDump } from '../support/held-dump.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { lastingPort } from '../support/lasting-port.js';
import { typedOnTerminal } from '../support/on-terminal.js';
import { patience, patienceWithCommands } from '../support/patience.js';
import { startTemporal } from '../support/temporal.js';

let cluster: Cluster;
let place: Workplace;
let dump: HeldDump;

beforeAll(async () => {
  cluster = await startCluster();
  const [port, uiPort] = [await lastingPort(), await lastingPort()];
  place = await createWorkplace({
    ...cluster.env,
    HOLDFAST_TEMPORAL_PORT: String(port),
    HOLDFAST_UI_PORT: String(uiPort),
    STALL_TIMEOUT_SECONDS: '300',
    // Far away, so that only what the tests ask for is done.
    SCHEDULE_FULL: '0 2 29 2 *',
    SCHEDULE_MONITOR: 'off',
    SCHEDULE_DRILL: 'off',
  });
  dump = await createHeldDump(cluster, place.folder);
  place.env.PG_BIN_DIR = dump.binDir;
  await cluster.createDatabase('shop');
  await cluster.psql('CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 20000) i', 'shop');
  // One database is enough.
  await cluster.psql('ALTER DATABASE postgres ALLOW_CONNECTIONS false', 'template1');
});

// One that fails must not keep the next ones waiting.
afterEach(() => dump.release());

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test('before anything was done, status says so, and starts nothing', async () => {
  expect(await status()).toMatchObject({ temporal: null, up: null, work: null, backups: [] });
  const { exitCode, stderr } = await place.run('status');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('holdfast up') });
  expect(existsSync(join(place.folder, 'state'))).toBe(false);
});

test('one command on a fresh machine gives scheduled backups, and others find its Temporal', async () => {
  await using up = await startUp();
  expect(up.printed()).toContain('default/full');
  await vi.waitUntil(() => up.printed().includes('there is no backup yet'), patience);
  expect(await place.run('schedule', 'trigger', 'default/full', '--wait')).toMatchObject({ exitCode: 0 });
  // Temporal lists what has ended and what is due a little later.
  await expect
    .poll(async () => (await status()).work, patienceWithCommands)
    .toMatchObject({
      nextRuns: [{ schedule: 'holdfast/default/full' }],
      lastOutcomes: expect.arrayContaining([
        expect.objectContaining({ operation: 'full backup', database: 'shop', outcome: 'succeeded' }),
      ]),
    });
  const { temporal, up: claimant, backups } = await status();
  expect(temporal?.address).toBe(`127.0.0.1:${place.env.HOLDFAST_TEMPORAL_PORT}`);
  expect(temporal?.uiAddress).toBe(`http://127.0.0.1:${place.env.HOLDFAST_UI_PORT}`);
  expect(claimant?.pid).toBe(up.pid);
  expect(backups).toMatchObject([{ database: 'shop' }]);
  expect((await place.run('status')).stdout).toMatch(/^full backup +default +shop +.*succeeded$/m);

  const second = await place.run('up');
  expect(second.exitCode).toBe(7);
  expect(second.stderr).toContain(`process ${up.pid}`);
  expect(second.stderr).toContain(`${temporal?.address}`);
  await expectPrivate(join(place.folder, 'state'));

  await dump.hold();
  await place.json('backup', '--detach', '--all');
  await dump.untilHeld(up.command);
  expect((await place.run('status')).stdout).toContain('0 of 1 database done, 1 running: shop');
  await dump.release();
  await vi.waitUntil(async () => (await status()).work?.running.length === 0, patienceWithCommands);
});

test('P5: told to stop mid-dump it leaves no partial file, and its next start finishes the very workflow', async () => {
  const before = await listed();
  const first = await startUp();
  await dump.hold();
  const { runId } = await place.json<{ runId: string }>('backup', '--detach', 'shop');
  await dump.untilHeld(first.command);
  const dumping = expect.objectContaining({
    runId,
    database: 'shop',
    step: expect.stringContaining('dumping'),
  });
  await expect.poll(async () => (await status()).work?.running, patienceWithCommands).toContainEqual(dumping);
  expect(await first.stop()).toBe(0);
  expect((await readdir(join(place.backupDir, 'full'))).filter((name) => name.startsWith('.'))).toEqual([]);
  await expect.poll(sessions).toBe('0');
  await expectNoProcess();
  expect(await logOf(runId)).toContain('"dump: interrupted, the worker stops');
  expect(await logOf(runId)).not.toContain('failed');

  await dump.release();
  await using second = await startUp();
  await vi.waitUntil(async () => (await listed()).length > before.length, patienceWithCommands);
  expect(await listed()).toHaveLength(before.length + 1);
  const isDone = async () => (await status()).work?.lastOutcomes.some((end) => end.runId === runId);
  await vi.waitUntil(isDone, patienceWithCommands);
  expect(second.printed()).toContain('nothing to change');
});

test('what a killed command had begun is seen through', async () => {
  const before = await listed();
  await dump.hold();
  // It tells how long a dump that is silent is waited for.
  const killed = place.start(['backup', 'shop'], { STALL_TIMEOUT_SECONDS: '5' });
  await dump.untilHeld(killed);
  killed.kill('SIGKILL');
  await killed;
  await dump.release();
  await using _up = await startUp();
  await vi.waitUntil(async () => (await listed()).length === before.length + 1, patienceWithCommands);
  // It is listed before its run has ended, and the next test wants to begin one.
  await vi.waitUntil(async () => (await status()).work?.running.length === 0, patienceWithCommands);
});

test('a killed Temporal is started again on its address, and said; a killed up leaves nothing behind', async () => {
  await using up = await startUp();
  const before = await listed();
  process.kill(await serverPid(), 'SIGKILL');
  await vi.waitUntil(() => up.printed().includes('Temporal is back'), patience);
  expect(up.printed()).toContain('Temporal ended by itself');
  expect(await place.run('backup', 'shop')).toMatchObject({ exitCode: 0 });
  expect(await listed()).toHaveLength(before.length + 1);

  up.command.kill('SIGKILL');
  await up.command;
  await expectNoProcess();
  const { temporal, work, backups } = await status();
  expect({ temporal, work }).toEqual({ temporal: null, work: null });
  expect(backups).toHaveLength(1);
});

test('status shows what waits for approval and how to decide, as does whoever asks for the same again', async () => {
  await using _up = await startUp();
  await place.json('restore', '--latest', 'shop', '--detach');
  const waits = async () => (await status()).work?.waiting[0]?.status?.approval !== undefined;
  await vi.waitUntil(waits, patienceWithCommands);
  const { stdout } = await place.run('status');
  expect(stdout).toContain('holdfast approve restore/default/shop --reason WHY');
  const again = await place.run('restore', '--latest', 'shop', '--yes');
  expect(again.exitCode).toBe(7);
  expect(again.stderr).toContain('holdfast reject restore/default/shop --reason WHY');
  expect(await place.run('reject', 'shop', '--reason', 'a test')).toMatchObject({ exitCode: 0 });
  // What still drops its staging database when `up` stops would go on at the next start.
  await expect.poll(async () => (await status()).work?.running, patienceWithCommands).toEqual([]);
});

test('a port that is taken is told with its holder and the setting; nothing is left running', async () => {
  const server = createServer();
  const port = Number(place.env.HOLDFAST_UI_PORT);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    const { exitCode, stderr } = await place.run('up');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`127.0.0.1:${port}: the port is taken by process ${process.pid}`);
    expect(stderr).toContain('HOLDFAST_UI_PORT');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  await expectNoProcess();
});

test('on a terminal a line tells what runs and where the Web UI is', async () => {
  const address = `http://127.0.0.1:${place.env.HOLDFAST_UI_PORT}`;
  const ctrlC = '\x03';
  const { shown } = await typedOnTerminal(place, ['up'], [['nothing runs · next', ctrlC]]);
  expect(shown).toMatch(new RegExp(`nothing runs · next default/full in \\d+d · ${address}`));
});

test('on a Temporal of one’s own it starts none; told to stop, it leaves that running, and its schedules there', async () => {
  await using temporal = await startTemporal();
  const before = await listed();
  const up = await startUp(temporal.env);
  expect(up.printed()).toContain(`on Temporal at ${temporal.address} (configured)`);
  expect(await processesWith(join(place.folder, 'state'))).toEqual([]);
  const ask = (...args: string[]) => place.start(args, temporal.env);
  expect(await ask('schedule', 'trigger', 'default/full', '--wait')).toMatchObject({ exitCode: 0 });
  expect(await listed()).toHaveLength(before.length + 1);
  expect((await ask('up')).stderr).toContain(`Temporal at ${temporal.address}`);
  expect(JSON.parse((await ask('--json', 'status')).stdout)).toMatchObject({ up: { pid: up.pid } });

  expect(await up.stop()).toBe(0);
  expect(await processesWith(place.folder)).toEqual([]);
  await expect.poll(sessions).toBe('0');
  expect(await status()).toMatchObject({ up: null, temporal: null });
  await expect
    .poll(async () => JSON.parse((await ask('--json', 'status')).stdout), patienceWithCommands)
    .toMatchObject({
      up: null,
      temporal: { address: temporal.address, source: 'configured' },
      work: { running: [], nextRuns: [{ schedule: 'holdfast/default/full' }] },
    });
});

/** A `holdfast up` that has applied its schedules. */
async function startUp(env: Record<string, string> = {}) {
  const command = place.start(['up'], env);
  let printed = '';
  for (const stream of [command.stdout, command.stderr])
    stream.on('data', (text: Buffer) => {
      printed += text.toString();
    });
  const isUp = async () => {
    if (command.exitCode !== null) throw new Error(`it ended: ${(await command).stderr}`);
    return /unchanged|nothing to change/.test(printed);
  };
  await vi.waitUntil(isUp, patience).catch((error: unknown) => {
    command.kill('SIGKILL');
    throw error;
  });
  const stop = async () => {
    command.kill('SIGTERM');
    return (await command).exitCode;
  };
  return {
    ...{ command, stop, pid: command.pid, printed: () => printed },
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** The log of an operation. */
async function logOf(runId: string): Promise<string> {
  const folder = join(place.backupDir, 'logs');
  const name = (await readdir(folder)).find((each) => each.endsWith(`_${runId.slice(-8)}.log`));
  return await readFile(join(folder, name ?? ''), 'utf8');
}

const status = () => place.json<Status>('status');

async function listed(): Promise<string[]> {
  const { backups } = await place.json<{ backups: { id: string }[] }>('list');
  return backups.map(({ id }) => id);
}

function sessions(): Promise<string> {
  const query = `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'`;
  return cluster.psql(query, 'template1');
}

async function serverPid(): Promise<number> {
  const [folder = ''] = await readdir(join(place.folder, 'state'));
  const state = await readFile(join(place.folder, 'state', folder, 'server.json'), 'utf8');
  return (JSON.parse(state) as { serverPid: number }).serverPid;
}

/** Nothing below is for anybody but this user. */
async function expectPrivate(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    expect([entry.name, (mode & 0o077).toString(8)]).toEqual([entry.name, '0']);
  }
}

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
