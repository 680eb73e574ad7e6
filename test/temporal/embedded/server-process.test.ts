import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../../../src/temporal/embedded/server-process.js';
import { isAlive, startTypeScript } from '../../support/typescript-process.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-server-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test.for([
  ['that writes nothing, so that no broken pipe ends it', 'exec sleep 1000'],
  ['that does not heed SIGTERM', "trap '' TERM; while :; do sleep 0.2; done"],
])('a server %s ends when whoever started it is killed', async ([, script]) => {
  const parameters = JSON.stringify(await program(script));
  const parent = await startTypeScript(
    './src/temporal/embedded/server-process.ts',
    `console.log(module.startServer(${parameters}, { write() {} }).pid);`,
  );
  const pid = Number(parent.line);
  expect(isAlive(pid)).toBe(true);
  await parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a stopped server has ended, and its last words are kept', async () => {
  const server = await start("trap 'echo bye; exit' TERM; echo hello; while :; do sleep 0.05; done");
  await expect.poll(() => server.lastOutput()).toBe('hello');
  await server.stop();
  expect(server.isRunning()).toBe(false);
  expect(server.lastOutput()).toBe('hello\nbye');
});

test('a program that is not there ends like one that fails', async () => {
  const server = startServer({ ...(await program('')), executable: join(folder, 'absent') }, noLog);
  await server.ended;
  expect(server.isRunning()).toBe(false);
  expect(server.lastOutput()).toContain('absent');
});

const noLog = { write: () => {} };

async function start(script: string): Promise<ServerProcess> {
  return startServer(await program(script), noLog);
}

async function program(script = '') {
  const executable = join(folder, 'server');
  await writeFile(executable, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { executable, database: join(folder, 'db'), port: 1, uiPort: 2, searchAttributes: [] };
}
