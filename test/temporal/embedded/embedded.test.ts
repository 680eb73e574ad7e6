import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HoldfastError } from '../../../src/domain/errors.js';
import { connectEmbedded, type EmbeddedServer } from '../../../src/temporal/embedded/embedded.js';
import { readState } from '../../../src/temporal/embedded/state.js';
import { isAlive, startTypeScript } from '../../support/typescript-process.js';

let folder: string;
let stateDir: string;
const held: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-embedded-'));
  stateDir = join(folder, 'temporal');
});

afterEach(async () => {
  for (const server of held.splice(0)) await server.close();
  if (existsSync(stateDir)) await expectAllGone();
  await rm(folder, { recursive: true, force: true });
});

test('commands that start at once share one server, which ends soon after the last of them', async () => {
  const [one, two, ...others] = await Promise.all([command(), command(), command(), command()]);
  const all = [one, two, ...others];
  expect(new Set(all.map(({ address }) => address)).size).toBe(1);
  expect(all.filter(({ first }) => first)).toHaveLength(1);
  for (const other of others) await other.close();
  const { serverPid } = state();
  await one.close();
  expect(await isServing(two.address)).toBe(true);
  await two.close();
  await expect.poll(() => isAlive(serverPid)).toBe(false);
});

test('a command that comes just after another finds the server still up', async () => {
  for (;;) {
    await (await command()).close();
    const closedAt = performance.now();
    const { serverPid } = state();
    const next = await command();
    expect(next.first).toBe(true);
    // It stays for a second, in which a busy machine may not come back.
    if (performance.now() - closedAt < 1_000) return expect(state().serverPid).toBe(serverPid);
    await next.close();
    await expectAllGone();
  }
});

test('a task waits in the one partition that every worker asks for its queue, not in one of several', async () => {
  const server = await command();
  await withClient(server, async (client) => {
    const request = { namespace: 'default', taskQueue: { name: 'served-later' } };
    const partitions = await client.workflowService.listTaskQueuePartitions(request);
    expect(partitions.workflowTaskQueuePartitions).toHaveLength(1);
    expect(partitions.activityTaskQueuePartitions).toHaveLength(1);
  });
});

test('a workflow and its search attributes are there after a restart, on the same address', async () => {
  const before = await command();
  await withClient(before, (client) =>
    client.workflow.start('waits', {
      workflowId: 'w',
      taskQueue: 'none',
      searchAttributes: { HoldfastDatabase: ['shop'] },
    }),
  );
  await before.close();
  await expectAllGone();
  const after = await command();
  expect(after).toMatchObject({ address: before.address, uiAddress: before.uiAddress, first: true });
  await withClient(after, async (client) => {
    const found = async () => {
      const ids = [];
      for await (const { workflowId } of client.workflow.list({ query: 'HoldfastDatabase = "shop"' }))
        ids.push(workflowId);
      return ids;
    };
    // It was ended perhaps before it had listed what it had taken.
    await expect.poll(found).toEqual(['w']);
    expect((await client.workflow.getHandle('w').describe()).status.name).toBe('RUNNING');
  });
});

test('a killed server comes back on its address with what it knew', async () => {
  const server = await command();
  await withClient(server, (client) =>
    client.workflow.start('waits', { workflowId: 'w', taskQueue: 'none' }),
  );
  const { serverPid } = state();
  process.kill(serverPid, 'SIGKILL');
  await expect.poll(() => state().serverPid).not.toBe(serverPid);
  await expect.poll(() => isServing(server.address)).toBe(true);
  await withClient(server, async (client) => {
    expect((await client.workflow.getHandle('w').describe()).status.name).toBe('RUNNING');
  });
});

test('a killed supervisor takes its server along, and the command has a new one started on the same address', async () => {
  const server = await command();
  const { supervisorPid, serverPid } = state();
  process.kill(supervisorPid, 'SIGKILL');
  await expect.poll(() => isAlive(serverPid)).toBe(false);
  await expect.poll(() => state().supervisorPid).not.toBe(supervisorPid);
  await expect.poll(() => isServing(server.address)).toBe(true);
});

test('whoever comes after the supervisor was killed is not told that nobody else is at work', async () => {
  const server = await command();
  process.kill(state().supervisorPid, 'SIGKILL');
  const other = await command();
  expect(other.first).toBe(false);
  expect(other.address).toBe(server.address);
});

test('the server ends when its only command is killed', async () => {
  const killed = await startTypeScript(
    './src/temporal/embedded/embedded.ts',
    `console.log(JSON.stringify(await module.connectEmbedded({ stateDir: ${JSON.stringify(stateDir)} })));`,
  );
  expect(JSON.parse(killed.line)).toMatchObject({ first: true });
  const { serverPid } = state();
  expect(isAlive(serverPid)).toBe(true);
  await killed.kill('SIGKILL');
  await expect.poll(() => isAlive(serverPid)).toBe(false);
});

test('nobody else can read what the server stores', async () => {
  await command();
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
  expect(modeOf(stateDir)).toBe('700');
  const files = readdirSync(stateDir).filter((name) => statSync(join(stateDir, name)).isFile());
  expect(files).toContain('temporal.db');
  for (const name of files) expect([name, modeOf(join(stateDir, name))]).toEqual([name, '600']);
});

test('a secret in the environment of the command reaches neither supervisor nor server', async () => {
  process.env.PGPASSWORD = 'canary-7f3a';
  try {
    await command();
  } finally {
    delete process.env.PGPASSWORD;
  }
  for (const pid of [state().supervisorPid, state().serverPid]) {
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain('canary-7f3a');
  }
});

test('a state directory too deep for a socket path works', async () => {
  stateDir = join(stateDir, 'a'.repeat(60), 'b'.repeat(60));
  const server = await command();
  expect(await isServing(server.address)).toBe(true);
});

test('finished workflows are kept for thirty days', async () => {
  const server = await command();
  const connection = await Connection.connect({ address: server.address });
  const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
  await connection.close();
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
});

test('a state folder that can’t be made is told with the setting that names another', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const failure = await connectEmbedded({ stateDir: join(file, 'state') }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/^make the state folder .* as OS user /),
    remedy: expect.stringContaining('or set HOLDFAST_STATE_DIR to another folder'),
  });
});

test('a database that is none is told with the file to look at', async () => {
  await (await command()).close();
  await expectAllGone();
  writeFileSync(join(stateDir, 'temporal.db'), 'this is no database '.repeat(500));
  const failure = (await command().catch((error: unknown) => error)) as HoldfastError;
  expect(failure).toMatchObject({ type: 'TemporalUnreachable' });
  expect(failure.message).toContain('file is not a database');
  expect(failure.remedy).toContain(join(stateDir, 'temporal.log'));
});

async function command(): Promise<EmbeddedServer> {
  const server = await connectEmbedded({ stateDir });
  held.push(server);
  return server;
}

function state() {
  const found = readState(stateDir);
  if (!found) throw new Error(`no state in ${stateDir}`);
  return found;
}

async function expectAllGone(): Promise<void> {
  const { supervisorPid, serverPid } = state();
  await expect.poll(() => [supervisorPid, serverPid].filter(isAlive)).toEqual([]);
}

async function withClient(server: EmbeddedServer, use: (client: Client) => Promise<unknown>): Promise<void> {
  const connection = await Connection.connect({ address: server.address });
  await use(new Client({ connection })).finally(() => connection.close());
}

async function isServing(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
