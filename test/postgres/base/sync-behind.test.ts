import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { syncingBehind } from '../../../src/postgres/base/sync-behind.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-sync-'));
});
afterEach(() => rm(folder, { recursive: true }));

const forever = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));

test('what can not be made durable stops the work, and is what it failed with', async () => {
  await symlink('/nowhere', join(folder, 'base.tar'));
  const attempt = syncingBehind(folder, new AbortController().signal, forever);
  await expect(attempt).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
});

test('work that has ended by then is not taken for durable', async () => {
  await symlink('/nowhere', join(folder, 'base.tar'));
  const endsAllTheSame = (stop: AbortSignal) =>
    new Promise<string>((resolve) => stop.addEventListener('abort', () => resolve('done')));
  const attempt = syncingBehind(folder, new AbortController().signal, endsAllTheSame);
  await expect(attempt).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
});

test('it stops with its work, whose result and failure are its own', async () => {
  await writeFile(join(folder, 'base.tar'), 'x');
  const cancel = new AbortController();
  expect(await syncingBehind(folder, cancel.signal, async () => 'done')).toBe('done');
  const cancelled = syncingBehind(folder, cancel.signal, forever);
  cancel.abort();
  await expect(cancelled).rejects.toThrow('stopped');
});
