import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  archiveScript,
  archiveScriptName,
  restoreCommand,
} from '../../../src/postgres/recovery/archive-script.js';
import { scratchRoot, serverUser } from '../../support/server-user.js';

const segment = '0000000100000000000000AB';
let folder: string;
let archive: string;
beforeEach(() => {
  folder = mkdtempSync(join(scratchRoot(), 'hf-script-'));
  // A name that a shell, and PostgreSQL's own placeholders, could take for something else.
  archive = join(folder, `it's 100%f "here" $HOME`);
  mkdirSync(archive);
  writeFileSync(join(folder, archiveScriptName), archiveScript);
  const { uid, gid } = serverUser();
  for (const path of [folder, archive]) if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
});
afterEach(() => {
  chmodSync(archive, 0o755);
  rmSync(folder, { recursive: true });
});

/** Runs what PostgreSQL would run in the data directory, as the account that runs it. */
function fetch(file = segment, path = process.env.PATH) {
  const placeholders: Record<string, string> = { '%f': file, '%p': 'target', '%%': '%' };
  const command = restoreCommand(archive).replace(/%[fp%]/g, (found) => placeholders[found] ?? '');
  const options = { cwd: folder, encoding: 'utf8', env: { PATH: path }, ...serverUser() } as const;
  const { status, stderr } = spawnSync('/bin/sh', ['-c', command], options);
  const target = join(folder, 'target');
  return { status, stderr, target: existsSync(target) ? readFileSync(target, 'utf8') : null };
}

const zstd = (text: string) => spawnSync('zstd', ['-qc'], { input: text }).stdout;

test('a segment is fetched whether it is plain or compressed, the plain one first', () => {
  writeFileSync(join(archive, `${segment}.gz`), gzipSync('from gzip'));
  expect(fetch()).toEqual({ status: 0, stderr: '', target: 'from gzip' });
  writeFileSync(join(archive, `${segment}.zst`), zstd('from zstd'));
  expect(fetch()).toMatchObject({ status: 0, target: 'from zstd' });
  writeFileSync(join(archive, segment), 'plain');
  expect(fetch()).toMatchObject({ status: 0, target: 'plain' });
});

test('a file that the archive surely lacks: 1, and a segment is named', () => {
  writeFileSync(join(archive, 'other'), '');
  expect(fetch()).toEqual({
    status: 1,
    stderr: `holdfast: ${segment} is not in the archive\n`,
    target: null,
  });
  expect(fetch('00000002.history')).toEqual({ status: 1, stderr: '', target: null });
});

describe('G8: anything else is over 125, so that recovery stops instead of ending early:', () => {
  test('no folder, an empty one (its disk is not mounted), one that can not be read', () => {
    expect(fetch()).toMatchObject({ status: 200, stderr: expect.stringContaining('is its disk mounted?') });
    writeFileSync(join(archive, 'other'), '');
    chmodSync(archive, 0o300);
    expect(fetch()).toMatchObject({ status: 200, stderr: expect.stringContaining('cannot be read') });
    chmodSync(archive, 0o400);
    expect(fetch()).toMatchObject({ status: 200, target: null });
    chmodSync(archive, 0o755);
    rmSync(archive, { recursive: true });
    expect(fetch()).toMatchObject({ status: 200, stderr: expect.stringContaining('no such folder') });
    mkdirSync(archive);
  });

  test('a segment that can not be read, is damaged, or leads nowhere', () => {
    writeFileSync(join(archive, segment), 'x', { mode: 0o000 });
    expect(fetch()).toMatchObject({ status: 200, target: null });
    rmSync(join(archive, segment));
    symlinkSync('nowhere', join(archive, segment));
    expect(fetch()).toMatchObject({ status: 200, target: null });
    rmSync(join(archive, segment));
    writeFileSync(join(archive, `${segment}.zst`), zstd('x'.repeat(1000)).subarray(0, 10));
    expect(fetch()).toMatchObject({ status: 200, target: null });
    rmSync(join(archive, `${segment}.zst`));
    writeFileSync(join(archive, `${segment}.gz`), 'no gzip');
    expect(fetch()).toMatchObject({ status: 200, target: null });
  });

  test('a decompressor that is missing', () => {
    writeFileSync(join(archive, `${segment}.zst`), zstd('x'));
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    for (const name of ['sh', 'rm', 'ls', 'cp']) symlinkSync(`/bin/${name}`, join(programs, name));
    expect(fetch(segment, programs)).toMatchObject({ status: 200, target: null });
  });
});
