import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTemporal } from './temporal.js';
import { isAlive, startTypeScript } from './typescript-process.js';

test('a server that was killed and started again knows its workflows, on the same address', async () => {
  await using temporal = await startTemporal();
  const { address, pid } = temporal;
  await temporal.client.workflow.start('waits', { workflowId: 'w', taskQueue: 'none' });
  await temporal.kill9();
  expect(isAlive(pid)).toBe(false);
  await temporal.restart();
  expect(temporal.address).toBe(address);
  expect((await temporal.client.workflow.getHandle('w').describe()).status.name).toBe('RUNNING');
});

test('a worker can connect', async () => {
  await using temporal = await startTemporal();
  const connection = await temporal.connectWorker();
  await connection.close();
});

test('a test run that is killed leaves no Temporal server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-killed-'));
  const run = await startTypeScript(
    './test/support/temporal.ts',
    'console.log((await module.startTemporal()).pid);',
    { TMPDIR: folder },
  );
  const pid = Number(run.line);
  expect(isAlive(pid)).toBe(true);
  await run.kill('SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
  await rm(folder, { recursive: true });
});
