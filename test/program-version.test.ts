import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programVersion } from '../src/program-version.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-version-'));
});
afterAll(() => rm(folder, { recursive: true }));

const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' };

/** Puts a program in place of another as packages do. */
async function install(from: string, path: string): Promise<void> {
  await copyFile(from, `${path}.new`);
  await rename(`${path}.new`, path);
}

test('a program that is replaced is asked for its version again', async () => {
  const path = join(folder, 'program');
  for (const name of ['cat', 'sort', 'cat']) {
    await install(`/bin/${name}`, path);
    expect(await programVersion(path, env)).toContain(name);
    expect(await programVersion(path, env)).toContain(name);
  }
});

test('a script is asked each time', async () => {
  const path = join(folder, 'script');
  await writeFile(path, `#!/bin/sh\ncat "$0.says"\n`, { mode: 0o755 });
  for (const version of ['1.0', '2.0']) {
    await writeFile(`${path}.says`, version);
    expect(await programVersion(path, env)).toBe(version);
  }
});

test('a program that is not there, or fails, has no version', async () => {
  expect(await programVersion(join(folder, 'none'), env)).toBeUndefined();
  const path = join(folder, 'failing');
  await writeFile(path, '#!/bin/sh\necho 1.0; exit 1\n', { mode: 0o755 });
  expect(await programVersion(path, env)).toBeUndefined();
  // Neither a program nor a script.
  await writeFile(path, 'no program', { mode: 0o755 });
  expect(await programVersion(path, env)).toBeUndefined();
});
