import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, type FileHandle, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { chooseCompressor } from '../../../src/stream/compression/choose-compressor.js';
import type { StartProducer } from '../../../src/stream/compression/compress-flow.js';
import type { CompressorChoice } from '../../../src/stream/compression/compressor.js';
import { findProgram } from '../../../src/stream/program/find-program.js';
import { type StoreRequest, storeStream } from '../../../src/stream/store/store-stream.js';
import { startCluster } from '../../support/cluster.js';
import { isAlive, startTypeScript } from '../../support/typescript-process.js';

let folder: string;
let path: string;
let file: FileHandle;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-store-'));
  path = join(folder, '.partial-x');
  file = await open(path, 'wx');
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

const nodeGzip: CompressorChoice = { method: 'gzip', level: 1, program: 'node', threads: 2, version: 'x' };
const endMarker = '--\n-- PostgreSQL database dump complete\n--\n\n';

/** A producer that is a program, as pg_dump is; remembers the ids of what it started. */
function producer(path: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const started: number[] = [];
  const start: StartProducer = (stdout, signal) => {
    const child = spawn(path, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', stdout, 'inherit'],
    });
    started.push(child.pid ?? 0);
    signal.addEventListener('abort', () => child.kill());
    const finished = new Promise<void>((resolve, reject) => {
      child.on('exit', (code, name) =>
        code === 0 ? resolve() : reject(new Error(`producer ended: ${code ?? name}`)),
      );
    });
    return { stdout: child.stdout, finished };
  };
  return { start, started };
}

const script = (text: string) => producer('/bin/sh', ['-c', text]);
const endlessRows = "echo 'COPY public.t (a) FROM stdin;'; exec yes 'a row of some length'";
const randomRows = "echo 'COPY public.t (a) FROM stdin;'; exec base64 /dev/urandom";

function store(startProducer: StartProducer, compressor: CompressorChoice, more: Partial<StoreRequest> = {}) {
  return storeStream({ startProducer, compressor, file, path, ...more });
}

/** A compressor that is a shell script. It leaves its process id in the file `compressor`. */
async function scriptedCompressor(
  commands: string,
): Promise<CompressorChoice & { pid: () => Promise<number> }> {
  const program = join(folder, 'scripted');
  await writeFile(program, `#!/bin/sh\necho $$ > ${folder}/compressor\n${commands}\n`, { mode: 0o755 });
  const pid = async () => Number.parseInt(await readFile(`${folder}/compressor`, 'utf8'), 10);
  return { method: 'zstd', level: 1, program: 'zstd', path: program, threads: 1, version: 'x', pid };
}

const compressors = ['node', 'bgzip', 'zstd', 'lz4'] as const;

/** The compressor `name` where it is installed. */
async function compressorNamed(name: (typeof compressors)[number]): Promise<CompressorChoice | undefined> {
  if (name === 'node') return nodeGzip;
  const found = await findProgram(name);
  if (found === undefined) return undefined;
  const choice = await chooseCompressor({ method: name === 'zstd' || name === 'lz4' ? name : 'gzip' });
  return { ...choice, program: name, path: found };
}

const decompressors = { gzip: 'gunzip', zstd: 'zstd', lz4: 'lz4' };

describe('a dump', () => {
  test.for(compressors)(
    'of a database is stored by %s as pg_dump wrote it, with its rows counted',
    async (name, context) => {
      const compressor = await compressorNamed(name);
      if (!compressor) return context.skip(`${name} is not installed`);
      await using cluster = await startCluster();
      await cluster.psql(
        'CREATE TABLE public.t AS SELECT i, md5(i::text) FROM generate_series(1, 100000) i; CREATE TABLE public.empty ()',
      );
      const pgDump = join(cluster.binDir, 'pg_dump');
      const { stdout: plain } = await execa(pgDump, ['postgres'], {
        env: cluster.env,
        encoding: 'buffer',
        stripFinalNewline: false,
      });

      const stored = await store(producer(pgDump, ['postgres'], cluster.env).start, compressor);
      const bytes = await readFile(path);
      const decompressed = execFileSync(decompressors[compressor.method], ['-d', '-c'], {
        input: bytes,
        maxBuffer: 1e9,
      });
      // Newer releases of pg_dump write a random token.
      const withoutToken = (dump: Uint8Array) =>
        Buffer.from(dump)
          .toString()
          .replace(/restrict \w+/g, '');
      expect(withoutToken(decompressed) === withoutToken(plain)).toBe(true);
      const checksum = createHash('sha256').update(bytes).digest('hex');
      expect(stored).toMatchObject({ sizeBytes: bytes.length, checksum });
      expect(stored.readBack).toMatchObject({
        sizeBytes: bytes.length,
        uncompressedBytes: plain.length,
      });
      expect(stored.readBack.tables).toContainEqual({ schema: 'public', table: 't', rows: 100_000 });
      expect(stored.readBack.tables).toContainEqual({ schema: 'public', table: 'empty', rows: 0 });
      expect(stored.stages.map((stage) => stage.name)).toEqual([
        'pg_dump',
        name === 'node' ? 'node-gzip' : name,
        'store',
        'read-back',
      ]);
    },
  );

  test('tells its progress, growing', async () => {
    const told: { storedBytes: number; readBackBytes: number }[] = [];
    const slow = script(
      `echo 'COPY public.t (a) FROM stdin;'; for i in 1 2 3; do head -c 3000000 /dev/urandom | base64; sleep 0.1; done; printf '\\\\.\\n${endMarker.replaceAll('\n', '\\n')}'`,
    );
    const onProgress = (storedBytes: number, readBackBytes: number) =>
      told.push({ storedBytes, readBackBytes });
    const stored = await store(slow.start, nodeGzip, { onProgress });
    expect(told.length).toBeGreaterThan(1);
    told.reduce((previous, news) => {
      expect(news.storedBytes).toBeGreaterThanOrEqual(previous.storedBytes);
      expect(news.readBackBytes).toBeGreaterThanOrEqual(previous.readBackBytes);
      expect(news.readBackBytes).toBeLessThanOrEqual(news.storedBytes);
      return news;
    });
    expect(told.at(-1)).toEqual({ storedBytes: stored.sizeBytes, readBackBytes: stored.sizeBytes });
  });
});

describe.for(['node', 'zstd'] as const)('nothing passes for stored by %s', (name) => {
  test.for([
    [
      'that ends well without having written anything',
      'exit 0',
      { type: 'VerificationFailed', message: /end marker is missing/ },
    ],
    [
      'that ends well in the midst of its dump',
      "echo 'SELECT 1;'",
      { type: 'VerificationFailed', message: /end marker is missing/ },
    ],
    ['that fails', 'echo words; exit 7', { message: 'producer ended: 7' }],
    [
      'that fails after a dump with its end marker',
      `echo '${endMarker}'; exit 7`,
      { message: 'producer ended: 7' },
    ],
    ['that is killed', 'echo words; kill -9 $$', { message: 'producer ended: SIGKILL' }],
    ['that can not be started', null, { message: 'no such program' }],
  ] as const)('of a producer %s', async ([, text, expected], context) => {
    const compressor = await compressorNamed(name);
    if (!compressor) return context.skip(`${name} is not installed`);
    const start: StartProducer =
      text === null
        ? () => {
            throw new Error('no such program');
          }
        : script(text).start;
    await expect(store(start, compressor)).rejects.toMatchObject(expected);
  });
});

describe.for(['node', 'zstd'] as const)('with %s, producer and compressor have ended', (name) => {
  test('when the disk is full, and the bytes written are told', async (context) => {
    const compressor = await compressorNamed(name);
    if (!compressor) return context.skip(`${name} is not installed`);
    const full = await open('/dev/full', 'w');
    onTestFinished(() => full.close());
    const { start, started } = script(endlessRows);
    const stored = store(start, compressor, { file: full, path: '/dev/full' });
    await expect(stored).rejects.toMatchObject({
      type: 'NotEnoughSpace',
      message: /0 bytes were written.*ENOSPC/,
    });
    expect(started.map(isAlive)).toEqual([false]);
  });

  test('when the file is larger than is allowed, and that is told', async (context) => {
    const compressor = await compressorNamed(name);
    if (!compressor) return context.skip(`${name} is not installed`);
    // In a process of its own, since the limit is the whole process's.
    const limited = await startTypeScript(
      './src/stream/store/store-stream.ts',
      `const { spawn, execFileSync } = await import('node:child_process');
      const { once } = await import('node:events');
      const file = await (await import('node:fs/promises')).open(${JSON.stringify(path)}, 'w');
      execFileSync('prlimit', ['--pid=' + process.pid, '--fsize=100000']);
      let child;
      const startProducer = (stdout) => {
        child = spawn('/bin/sh', ['-c', ${JSON.stringify(`${randomRows} 2>/dev/null`)}], { stdio: ['ignore', stdout, 'ignore'] });
        return { stdout: child.stdout, finished: once(child, 'exit').then(() => Promise.reject(new Error('producer'))) };
      };
      const request = { startProducer, compressor: ${JSON.stringify(compressor)}, file, path: ${JSON.stringify(path)} };
      const { type, message } = await module.storeStream(request).catch((error) => error);
      console.log(JSON.stringify({ type, message, producerEnded: child.exitCode !== null || child.signalCode !== null }));`,
    );
    onTestFinished(() => limited.kill());
    expect(JSON.parse(limited.line)).toEqual({
      type: 'FileTooLarge',
      message: expect.stringMatching(/100000 bytes were written.*EFBIG/),
      producerEnded: true,
    });
    expect((await stat(path)).size).toBe(100_000);
  });

  test('when it is cancelled', async (context) => {
    const compressor = await compressorNamed(name);
    if (!compressor) return context.skip(`${name} is not installed`);
    const controller = new AbortController();
    const { start, started } = script(endlessRows);
    const stored = store(start, compressor, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stored).rejects.toMatchObject({ type: 'Cancelled' });
    expect(started.map(isAlive)).toEqual([false]);
    await expect(store(start, compressor, { signal: controller.signal })).rejects.toMatchObject({
      type: 'Cancelled',
    });
    expect(started).toHaveLength(1);
  });
});

test('what is stored must be what was written', async () => {
  const stranger = async () => {
    await expect.poll(async () => (await stat(path)).size).toBeGreaterThan(0);
    await appendFile(path, 'x');
  };
  const start: StartProducer = () => ({
    stdout: Readable.from([Buffer.from(endMarker)]),
    finished: stranger(),
  });
  await expect(store(start, nodeGzip)).rejects.toMatchObject({ type: 'VerificationFailed' });
});

describe('a compressor', () => {
  test('whose output can’t be read back is worth another try', async (context) => {
    if (!(await findProgram('zstd'))) return context.skip('zstd is not installed');
    const compressor = await scriptedCompressor('zstd -q -c | head -c 5000; exit 0');
    const { start } = script(`head -c 1000000 /dev/urandom`);
    await expect(store(start, compressor)).rejects.toMatchObject({
      ...{ type: 'DumpUnreadable', retryable: true, exitCode: 5 },
      message: expect.stringMatching(/read back .* it is damaged: /),
    });
  });

  test('that is killed is the cause, not the producer that it took with it', async (context) => {
    if (!(await findProgram('zstd'))) return context.skip('zstd is not installed');
    const compressor = await scriptedCompressor('exec zstd -q -c');
    const { start, started } = script(`${randomRows} 2>/dev/null`);
    const stored = store(start, compressor).catch((error) => error);
    await expect.poll(async () => (await stat(path)).size).toBeGreaterThan(0);
    process.kill(await compressor.pid(), 'SIGKILL');
    expect(await stored).toMatchObject({ type: 'DumpInterrupted', message: /was ended by SIGKILL/ });
    expect(started.map(isAlive)).toEqual([false]);
  });

  test('that ignores being asked to end is made to', async () => {
    const compressor = await scriptedCompressor("trap '' TERM; while :; do sleep 0.1; done");
    const controller = new AbortController();
    const { start, started } = script(endlessRows);
    const stored = store(start, compressor, { signal: controller.signal });
    await expect.poll(() => compressor.pid().catch(() => 0)).toBeGreaterThan(0);
    controller.abort();
    await expect(stored).rejects.toMatchObject({ type: 'Cancelled' });
    expect([...started, await compressor.pid()].map(isAlive)).toEqual([false, false]);
  });

  test('gets nothing of our environment but the path', async () => {
    vi.stubEnv('ZSTD_CLEVEL', '19');
    onTestFinished(() => void vi.unstubAllEnvs());
    const compressor = await scriptedCompressor(`env > ${folder}/environment; exit 3`);
    await expect(store(script('exit 0').start, compressor)).rejects.toMatchObject({
      type: 'DumpInterrupted',
      message: /ended with exit code 3/,
    });
    const names = (await readFile(`${folder}/environment`, 'utf8')).match(/^\w+(?==)/gm) ?? [];
    // The shell adds some of its own.
    expect(names.filter((variable) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(variable)).sort()).toEqual([
      'LC_ALL',
      'PATH',
    ]);
  });
});
