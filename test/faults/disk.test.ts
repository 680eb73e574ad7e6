import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isPartial } from './invariants.js';
import { patience } from './support/scene.js';
import { backUpToSmallDisk, whyNoSmallDisk } from './support/small-disk.js';
import { grown, openStage, type Stage } from './support/stage.js';
import { unless, whyNot } from './support/why-not.js';

/** Little to dump and much to tell of it: metadata of some 200 kB. */
const tables = 2000;
const setup = `DO $$BEGIN FOR i IN 1..${tables} LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END$$`;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({}, setup);
});
afterAll(() => stage[Symbol.asyncDispose]());

const noSmallDisk = whyNoSmallDisk();
test.skipIf(noSmallDisk !== undefined)(
  `D2: a disk that fills at the metadata shows no backup${unless(noSmallDisk)}`,
  patience,
  async () => {
    await using scene = await stage.open();
    const full = join(scene.place.backupDir, 'full');
    const files = await scene.files();
    const pathOf = (suffix: string) => join(full, files.find((file) => file.endsWith(suffix)) ?? '');
    const kb = (suffix: string) => Math.ceil(statSync(pathOf(suffix)).size / 1024);
    const draft = JSON.stringify(JSON.parse(await readFile(pathOf('.meta'), 'utf8')));
    // Room for all that is written before the metadata, logs too, and for half of that.
    const before = kb('.sql.gz') + kb('.globals.sql.gz') + Math.ceil(draft.length / 1024) + 24;
    const room = before + Math.round(kb('.meta') / 2);
    const end = await backUpToSmallDisk(scene, { sizeKb: 16_384, freeKb: room });
    expect((await scene.files()).filter(isPartial)).toEqual([]);
    await scene.invariants.hold(end, {
      exitCode: 4,
      cause: /\.meta.*ENOSPC.*\d{6} bytes \(.*K\) needed, \d+ bytes .* free in .*full/,
    });
  },
);

test.skipIf(noSmallDisk !== undefined)(
  `D1: a disk that fills mid-dump: told with the bytes needed and free, once, and nothing stays${unless(noSmallDisk)}`,
  patience,
  async () => {
    await using scene = await stage.open();
    await using _ = await grown(stage);
    const end = await backUpToSmallDisk(scene, { sizeKb: 1024 });
    expect((await scene.files()).filter(isPartial)).toEqual([]);
    expect(end.stderr).not.toContain('attempt 2');
    await scene.invariants.hold(end, {
      exitCode: 4,
      cause: /ENOSPC.*\d{5,} bytes \(.*\) needed, \d+ bytes \(.*\) free in .*full/,
    });
  },
);

const tracing = ['strace', '-f', '-qq', '--seccomp-bpf', '-y', '-e', 'trace=fsync,rename,unlink'];
const noTracing = whyNot('strace', [...tracing.slice(1), 'true']);

test.skipIf(noTracing !== undefined).for([
  ["of the dump's own file", 1],
  ['of the dump at its publication', 5],
  ['of the folder after the metadata has its name', 8],
] as const)(
  `D3: an fsync %s that fails: the dump is made anew, nothing is fsynced again and trusted${unless(noTracing)}`,
  patience,
  async ([, when]) => {
    await using scene = await stage.open();
    const log = join(scene.place.folder, 'calls');
    const wrapper = [...tracing, '-e', `inject=fsync:error=EIO:when=${when}`, '-o', log];
    // One thread for all file operations, since strace counts calls by thread.
    const end = await scene.backUpUnder(wrapper, { UV_THREADPOOL_SIZE: '1' }).end;
    const calls = (await readFile(log, 'utf8')).split('\n');
    expect(calls.filter((call) => call.includes('EIO'))).toHaveLength(1);
    expect(
      calls.filter((call) => /fsync.*sql\.gz>\) += 0/.test(call) && !call.includes('globals')).length,
    ).toBeGreaterThan(1);
    expect(fsyncsOfFailed(calls)).toEqual([]);
    await scene.invariants.hold(end, 'success');
  },
);

/** Files fsynced again after an fsync of them had failed and before they were removed; the folder aside. */
function fsyncsOfFailed(calls: string[]): string[] {
  const failed = new Set<string>();
  const again: string[] = [];
  for (const call of calls) {
    failed.delete(/unlink\("(.+?)"\) += 0/.exec(call)?.[1] ?? '');
    const path = /fsync\(\d+<(.+?)>/.exec(call)?.[1];
    if (path === undefined || path.endsWith('/full')) continue;
    if (failed.has(path)) again.push(path);
    if (call.includes('EIO')) failed.add(path);
  }
  return again;
}

test('D4: a limit on file size is named, and the dump not tried again', patience, async () => {
  await using scene = await stage.open();
  await using _ = await grown(stage);
  const end = await scene.backUpUnder(['bash', '-c', 'ulimit -f 1024; exec "$@"', 'bash']).end;
  expect((await scene.files()).filter(isPartial)).toEqual([]);
  expect(end.stderr).not.toContain('attempt 2');
  expect(end.stderr).toContain('ulimit -f');
  await scene.invariants.hold(end, { exitCode: 4, cause: /EFBIG/ });
});
