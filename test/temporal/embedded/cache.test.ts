import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { obtainOnce } from '../../../src/temporal/embedded/cache.js';
import { startTypeScript } from '../../support/typescript-process.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-cache-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('what several ask for at once is made once', async () => {
  let built = 0;
  const waits: string[] = [];
  const ask = (who: string) =>
    obtainOnce(
      join(folder, 'thing'),
      async (unfinished) => {
        built += 1;
        await delay(300);
        await writeFile(unfinished, 'whole');
      },
      () => waits.push(who),
    );
  await Promise.all(['one', 'two', 'three'].map(ask));
  expect(built).toBe(1);
  expect(waits).toHaveLength(2);
  expect(await readFile(join(folder, 'thing'), 'utf8')).toBe('whole');
});

test('a failed attempt leaves nothing, and the next one works', async () => {
  const target = join(folder, 'thing');
  const failing = obtainOnce(target, async (unfinished) => {
    await writeFile(unfinished, 'half');
    throw new Error('torn');
  });
  await expect(failing).rejects.toThrow('torn');
  expect(await readdir(folder)).toEqual([]);
  await obtainOnce(target, (unfinished) => writeFile(unfinished, 'whole'));
  expect(await readdir(folder)).toEqual(['thing']);
});

test('who waits for a process that is killed takes over, and removes its partial file', async () => {
  const target = join(folder, 'thing');
  const killed = await startTypeScript(
    './src/temporal/embedded/cache.ts',
    `const { writeFile } = await import('node:fs/promises');
     void module.obtainOnce(${JSON.stringify(target)}, async (unfinished) => {
       await writeFile(unfinished, 'half');
       console.log('half way');
       await new Promise(() => {});
     });`,
  );
  let hasWaited = false;
  const taking = obtainOnce(
    target,
    (unfinished) => writeFile(unfinished, 'whole'),
    () => {
      hasWaited = true;
    },
  );
  await expect.poll(() => hasWaited).toBe(true);
  expect(existsSync(target)).toBe(false);
  await killed.kill('SIGKILL');
  await taking;
  expect(await readFile(target, 'utf8')).toBe('whole');
  expect(await readdir(folder)).toEqual(['thing']);
});
