import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { unless, whyNot } from '../faults/support/why-not.js';
import { ownMounts, whyNoMounts, whyNoTracing } from '../repository/support/tracing.js';
import { pathWith, scratchArchive } from './support/archive.js';

const name = '000000010000000000000001';
const content = Buffer.alloc(300_000, 'write-ahead ');
const ok = { exitCode: 0, stderr: '' };

const shells = [
  ['dash'],
  ['bash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
  ['mksh'],
  ['ksh'],
  ['yash'],
  ['zsh'],
];

describe.for(shells)('%s', (shell) => {
  const missing = whyNot(shell[0] ?? '', [...shell.slice(1), '-c', ':']);
  test.skipIf(missing !== undefined)(
    `G7: archives once; the same bytes again are success, others a failure${unless(missing && 'not installed')}`,
    async () => {
      const archive = scratchArchive();
      const source = archive.source(name, content);
      expect(await archive.archive(source, name, { shell })).toEqual(ok);
      expect(await archive.archive(source, name, { shell })).toEqual(ok);
      const other = archive.source('other', content.subarray(1));
      const refused = await archive.archive(other, name, { shell });
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain(`${join(archive.wal, name)} (300000 bytes)`);
      expect(refused.stderr).toContain(`than ${other} (299999 bytes), and nothing is overwritten`);
      expect(archive.files()).toEqual([name]);
      expect(readFileSync(join(archive.wal, name)).equals(content)).toBe(true);
    },
  );
});

test.for([`${name}.partial`, `${name}.00000028.backup`, '00000002.history'])(
  '%s is archived like a segment',
  async (file) => {
    const archive = scratchArchive();
    expect(await archive.archive(archive.source(file, 'short'), file)).toEqual(ok);
    expect(archive.files()).toEqual([file]);
  },
);

test('the file in the archive has the time of the last change, and is for its owner and group alone', async () => {
  const archive = scratchArchive();
  const source = archive.source(name, content);
  utimesSync(source, 1_700_000_000, 1_700_000_000);
  expect(await archive.archive(source, name)).toEqual(ok);
  const { mtimeMs, mode } = statSync(join(archive.wal, name));
  expect([mtimeMs, mode & 0o777]).toEqual([1_700_000_000_000, 0o640]);
});

test.for(['zstd', 'gzip'])(
  'G7: what stands there compressed by %s counts, with its own bytes',
  async (program) => {
    const archive = scratchArchive();
    const source = archive.source(name, content);
    expect(await archive.archive(source, name)).toEqual(ok);
    execFileSync(program, program === 'zstd' ? ['-q', '--rm', name] : [name], { cwd: archive.wal });
    const [stored = ''] = archive.files();
    expect(await archive.archive(source, name)).toEqual(ok);
    const refused = await archive.archive(archive.source('other', content.subarray(1)), name);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`${stored} (compressed)`) });
    writeFileSync(join(archive.wal, stored), readFileSync(join(archive.wal, stored)).subarray(0, 20));
    const damaged = await archive.archive(source, name);
    expect(damaged).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`${stored} cannot be read`),
    });
    expect(archive.files()).toEqual([stored]);
  },
);

test('half a file, as a crashed cp leaves it under the very name, is told with both lengths and left', async () => {
  const archive = scratchArchive();
  writeFileSync(join(archive.wal, name), content.subarray(0, 100_000));
  const refused = await archive.archive(archive.source(name, content), name);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(/\(100000 bytes\) .*\(300000 bytes\).*cut short/);
  expect(statSync(join(archive.wal, name)).size).toBe(100_000);
});

describe('no link is followed, and nothing but a file counts', () => {
  test('where the file should be', async () => {
    const archive = scratchArchive();
    const source = archive.source(name, content);
    for (const target of [source, 'nowhere', archive.place]) {
      symlinkSync(target, join(archive.wal, name));
      const refused = await archive.archive(source, name);
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is a symbolic link') });
      rmSync(join(archive.wal, name));
    }
    mkdirSync(join(archive.wal, name));
    const refused = await archive.archive(source, name);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no regular file') });
    expect(archive.files()).toEqual([name]);
  });

  test('where a folder should be', async () => {
    const archive = scratchArchive();
    const source = archive.source(name, content);
    symlinkSync(archive.place, join(archive.wal, '.partial'));
    expect((await archive.archive(source, name)).stderr).toContain('.partial is a symbolic link');
    rmSync(archive.wal, { recursive: true });
    symlinkSync(archive.place, archive.wal);
    expect((await archive.archive(source, name)).stderr).toContain('wal is a symbolic link');
    rmSync(archive.wal);
    expect(await archive.archive(source, name)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is its disk mounted?'),
    });
  });
});

test.for([['../x'], ['a/b'], ['.partial'], [''], ['a b'], ['-n']])(
  '%j is no name of a WAL file',
  async ([file]) => {
    const archive = scratchArchive();
    const refused = await archive.archive(archive.source(name, content), file ?? '');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no name of a WAL file') });
    expect(archive.files()).toEqual([]);
  },
);

const steps = ['dd', 'link', 'touch', 'rm', 'sync'];
test.for(steps.flatMap((step) => [`before ${step}`, `after ${step}`, `with ${step}`]))(
  'killed %s, it has published the whole file or none, and the next call cleans up and succeeds',
  async (when) => {
    const [moment = '', program = ''] = when.split(' ');
    const archive = scratchArchive();
    const source = archive.source(name, content);
    // `with`: the program ends, and of the data only a part was written.
    const kill = 'kill -9 "$PPID"';
    const half = program === 'dd' ? 'real "$@" count=1 bs=1000' : ':';
    const script = { before: kill, after: `real "$@"; ${kill}`, with: `${half}; ${kill}; exit 1` }[moment];
    const PATH = pathWith(program, script ?? '');
    const killed = await archive.archive(source, name, { env: { PATH } });
    expect(killed.exitCode).toBeUndefined();
    const published = archive.files().filter((file) => file === name);
    if (published.length > 0) expect(readFileSync(join(archive.wal, name)).equals(content)).toBe(true);
    expect(await archive.archive(source, name)).toEqual(ok);
    expect(readFileSync(join(archive.wal, name)).equals(content)).toBe(true);
    expect(archive.files()).toEqual([name]);
  },
);

test.for(['dd', 'link', 'touch', 'sync', 'cmp'])(
  'a %s that is not there is a failure of exit code 1',
  async (program) => {
    const archive = scratchArchive();
    const source = archive.source(name, content);
    const PATH = pathWith(program, 'exit 127');
    if (program === 'cmp') await archive.archive(source, name);
    expect(await archive.archive(source, name, { env: { PATH } })).toMatchObject({ exitCode: 1 });
    expect(archive.files()).toEqual(program === 'dd' || program === 'link' ? [] : [name]);
  },
);

test('of calls at the same time for one segment, all succeed, and one file is there', async () => {
  const archive = scratchArchive();
  const source = archive.source(name, content);
  // All have copied before the first one publishes.
  const PATH = pathWith('link', 'sleep 0.5; real "$@"');
  const ends = await Promise.all([1, 2, 3, 4].map(() => archive.archive(source, name, { env: { PATH } })));
  expect(ends).toEqual([ok, ok, ok, ok]);
  expect(archive.files()).toEqual([name]);
});

test('a call that finds its folder for partial files made meanwhile by another says nothing of it', async () => {
  const archive = scratchArchive();
  const PATH = pathWith('mkdir', 'real "$@"; real "$@"');
  expect(await archive.archive(archive.source(name, content), name, { env: { PATH } })).toEqual(ok);
});

test('of calls at the same time with different bytes, one succeeds, and its bytes stay', async () => {
  const archive = scratchArchive();
  const sources = ['a', 'b', 'c'].map((letter) => archive.source(letter, Buffer.alloc(1000, letter)));
  const PATH = pathWith('link', 'sleep 0.5; real "$@"');
  const ends = await Promise.all(sources.map((source) => archive.archive(source, name, { env: { PATH } })));
  expect(ends.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1, 1]);
  const winner = sources[ends.findIndex(({ exitCode }) => exitCode === 0)] ?? '';
  expect(readFileSync(join(archive.wal, name)).equals(readFileSync(winner))).toBe(true);
});

const noMounts = whyNoMounts();
test.skipIf(noMounts !== undefined)(
  `a full disk is a failure that leaves nothing, and with room again the segment is archived${unless(noMounts)}`,
  async () => {
    const archive = scratchArchive('full');
    const source = archive.source(name, Buffer.alloc(2_000_000, 'x'));
    const script = `
      mount -t tmpfs -o size=4m tmpfs "$0/wal" || exit 99
      head -c 3000000 /dev/zero >"$0/wal/.filler"
      sh "$0/archive-wal.sh" "$0" "$1" "$2"; echo "ended with $?"
      ls -A "$0/wal/.partial" && ls "$0/wal"
      rm "$0/wal/.filler"
      sh "$0/archive-wal.sh" "$0" "$1" "$2"; echo "ended with $?"; cmp "$1" "$0/wal/$2" && echo same`;
    const [file = '', ...args] = [...ownMounts, 'sh', '-c', script, archive.place, source, name];
    const { stdout, stderr } = await execa(file, args);
    expect(stderr).toMatch(/cannot copy.*No space left on device$/);
    expect(stdout.replaceAll(`${archive.wal}`, 'wal')).toBe('ended with 1\nended with 0\nsame');
  },
);

const noTracing = whyNoTracing();
describe.skipIf(noTracing !== undefined)(`system calls${unless(noTracing)}`, () => {
  test('data are durable before they have a name, and the name before the server is told', async () => {
    const archive = scratchArchive('plain');
    const log = join(archive.place, 'calls');
    const shell = ['strace', '-f', '-qq', '-y', '-e', 'trace=fsync,link,linkat', '-o', log, 'sh'];
    expect(await archive.archive(archive.source(name, content), name, { shell })).toEqual(ok);
    const calls = [...readFileSync(log, 'utf8').matchAll(/(fsync\(\d+<(.+?)>\)|link(?:at)?\()/g)];
    expect(calls.map(([, call, path]) => path ?? call)).toEqual([
      expect.stringContaining(`/.partial/${name}.`),
      expect.stringMatching(/^link/),
      archive.wal,
    ]);
  });

  test.for([
    ['the copy’s', 'dd'],
    ['the folder’s', 'sync'],
  ] as const)('when %s fsync fails, so does the call, and the next one succeeds', async ([_, program]) => {
    const archive = scratchArchive('plain');
    const source = archive.source(name, content);
    const failing = `exec strace -f -qq -o /dev/null -e inject=fsync:error=EIO env PATH='${process.env.PATH}' ${program} "$@"`;
    const failed = await archive.archive(source, name, { env: { PATH: pathWith(program, failing) } });
    expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Input/output error') });
    expect(archive.files()).toEqual(program === 'dd' ? [] : [name]);
    expect(await archive.archive(source, name)).toEqual(ok);
  });
});

test('--check tells whether this user can archive here, and leaves nothing', async () => {
  const archive = scratchArchive();
  const check = (env = {}) => execa('sh', [archive.script, archive.place, '--check'], { env, reject: false });
  expect(await check()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  const noLinks = await check({ PATH: pathWith('link', 'exit 1') });
  expect(noLinks).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no hard links') });
  expect(archive.files()).toEqual([]);
  rmSync(archive.wal, { recursive: true });
  expect(await check()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('there is no folder') });
});
