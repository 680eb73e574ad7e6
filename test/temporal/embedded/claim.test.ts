import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claim, claimantOf } from '../../../src/temporal/embedded/claim.js';
import { requirePorts } from '../../../src/temporal/embedded/require-ports.js';
import { lastingPort } from '../../support/lasting-port.js';
import { startTypeScript } from '../../support/typescript-process.js';

let stateDir: string;

beforeEach(async () => {
  stateDir = join(await mkdtemp(join(tmpdir(), 'hf-claim-')), 'state');
});

afterEach(() => rm(join(stateDir, '..'), { recursive: true, force: true }));

test('of several that claim at once one gets it, the others are told who', async () => {
  const all = await Promise.all([claim(stateDir), claim(stateDir), claim(stateDir)]);
  const got = all.filter((one) => 'release' in one);
  expect(got).toHaveLength(1);
  const refused = all.filter((one) => 'pid' in one);
  expect(refused.map(({ pid }) => pid)).toEqual([process.pid, process.pid]);
  for (const one of got) if ('release' in one) await one.release();
  expect(await claimantOf(stateDir)).toBeUndefined();
});

test('whoever asks is told where Temporal is, once that is known', async () => {
  const claimed = await claim(stateDir);
  if ('pid' in claimed) throw new Error('claimed by somebody else');
  expect(await claimantOf(stateDir)).not.toHaveProperty('address');
  claimed.tell({ address: '127.0.0.1:1', uiAddress: 'http://127.0.0.1:2' });
  expect(await claimantOf(stateDir)).toMatchObject({ pid: process.pid, address: '127.0.0.1:1' });
  await claimed.release();
});

test('the claim of a process that was killed is free at once', async () => {
  const killed = await startTypeScript(
    './src/temporal/embedded/claim.ts',
    `await module.claim(${JSON.stringify(stateDir)}); setInterval(() => {}, 1000); console.log('claimed');`,
  );
  expect(await claimantOf(stateDir)).toBeDefined();
  await killed.kill('SIGKILL');
  const claimed = await claim(stateDir);
  expect(claimed).toHaveProperty('release');
  if ('release' in claimed) await claimed.release();
});

test('a port that is taken is told with the process that holds it, and the setting', async () => {
  const server = createServer();
  const port = await lastingPort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const required = { port, purpose: 'the Web UI', setting: 'HOLDFAST_UI_PORT' };
  await expect(requirePorts([required])).rejects.toMatchObject({
    type: 'PortTaken',
    message: expect.stringContaining(
      `listen at 127.0.0.1:${port}: the port is taken by process ${process.pid}`,
    ),
    remedy: expect.stringContaining('HOLDFAST_UI_PORT'),
  });
  await new Promise((resolve) => server.close(resolve));
  await requirePorts([required]);
});
