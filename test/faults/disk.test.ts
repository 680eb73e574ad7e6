import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdfastPath } from '../support/holdfast.js';
import { isPartial } from './invariants.js';
import { patience } from './support/scene.js';
import { backUpToSmallDisk, onSmallDisk, whyNoSmallDisk } from './support/small-disk.js';
import { grown, openStage, type Stage } from './support/stage.js';
import { unless, whyNot } from './support/why-not.js';

/** Little to dump and much to tell of it: metadata of some 100 kB. */
const tables = 1200;
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
      cause: /\.meta.*ENOSPC.*\d{5,} bytes \(.*K\) needed, \d+ bytes .* free in .*full/,
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

test.skipIf(noSmallDisk !== undefined)(
  `D1: monitoring judges a disk that is full, though it can’t write its own notes there${unless(noSmallDisk)}`,
  patience,
  async () => {
    await using scene = await stage.open();
    const { place } = scene;
    const full = await onSmallDisk(place, { sizeKb: 16_384, freeKb: 1 }, async ([file = '', ...wrapper]) => {
      const args = [...wrapper, process.execPath, holdfastPath, '--json', 'monitor', '--offline'];
      const options = { cwd: place.folder, env: place.env, extendEnv: false, reject: false } as const;
      const { exitCode, stdout, stderr } = await execa(file, args, options);
      return { exitCode, stdout, stderr };
    });
    const [{ findings }] = JSON.parse(full.stdout);
    const critical = findings.filter(({ state }: { state: string }) => state === 'critical');
    expect(critical.map(({ check }: { check: string }) => check)).toEqual(['disk_space']);
    expect(full.exitCode).toBe(5);
  },
);

const tracing = ['strace', '-f', '-qq', '--seccomp-bpf', '-y', '-e', 'trace=fsync,rename,unlink'];
const noTracing = whyNot('strace', [...tracing.slice(1), 'true']);

/** What fails, as the number of its fsync, and how often the metadata then gets its name. */
const fsyncs = [
  { what: "the dump's own file", when: 1, renames: 1 },
  { what: 'the dump at its publication', when: 5, renames: 1 },
  { what: 'the folder when the metadata has its name', when: 8, renames: 2 },
];

test.skipIf(noTracing !== undefined)(
  `D3: whichever fsync fails, the dump is made anew, and nothing is fsynced again and trusted${unless(noTracing)}`,
  patience,
  async () => {
    await using scene = await stage.open();
    const log = join(scene.place.folder, 'calls');
    for (const { what, when, renames } of fsyncs) {
      await scene.invariants.age();
      const wrapper = [...tracing, '-e', `inject=fsync:error=EIO:when=${when}`, '-o', log];
      // One thread for all file operations, since strace counts calls by thread.
      const end = await scene.backUpUnder(wrapper, { UV_THREADPOOL_SIZE: '1' }).end;
      const calls = (await readFile(log, 'utf8')).split('\n');
      expect(
        calls.filter((call) => call.includes('EIO')),
        what,
      ).toHaveLength(1);
      expect(
        calls.filter((call) => /rename\(.*\.meta"\) += 0/.test(call)),
        what,
      ).toHaveLength(renames);
      expect(fsyncsOfFailed(calls), what).toEqual([]);
      await scene.invariants[renames === 2 ? 'hold' : 'check'](end, 'success');
    }
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
