import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BoundedLog } from '../../../src/temporal/embedded/bounded-log.js';

test('a log of many megabytes is two files with the last of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-log-'));
  const file = join(folder, 'log');
  const line = `${'x'.repeat(1023)}\n`;
  for (let kilobytes = 0; kilobytes < 5000; kilobytes++) new BoundedLog(file).write(line);
  new BoundedLog(file).write('the last line\n');
  expect((await readdir(folder)).sort()).toEqual(['log', 'log.1']);
  for (const name of ['log', 'log.1'])
    expect((await stat(join(folder, name))).size).toBeLessThan(1.1 * 1024 * 1024);
  expect(await readFile(file, 'utf8')).toMatch(/the last line\n$/);
  await rm(folder, { recursive: true });
});
