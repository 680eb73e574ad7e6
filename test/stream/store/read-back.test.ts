import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CompressionMethod } from '../../../src/domain/backup/metadata.js';
import { blockGzip } from '../../../src/stream/gzip/block-gzip.js';
import { findProgram } from '../../../src/stream/program/find-program.js';
import { readBack, readBackFile } from '../../../src/stream/store/read-back.js';

const rows = 60_000;
const dump = Buffer.from(
  `COPY public.t (a) FROM stdin;\n${Array.from({ length: rows }, () => `${randomBytes(20).toString('hex')}\n`).join('')}\\.\n` +
    '--\n-- PostgreSQL database dump complete\n--\n\n',
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-read-back-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function stored(bytes: Buffer): Promise<string> {
  const path = join(folder, randomBytes(8).toString('hex'));
  await writeFile(path, bytes);
  return path;
}

async function blocks(bytes: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of blockGzip([bytes] as unknown as AsyncIterable<Buffer>, { level: 1, threads: 2 }))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

const run = (program: string, ...args: string[]) => {
  return async (input: Buffer) => execFileSync(program, args, { input, maxBuffer: 64 * 1024 * 1024 });
};
const halves = async (input: Buffer) => {
  const half = input.length >> 1;
  return Buffer.concat([
    await run('gzip', '-c')(input.subarray(0, half)),
    await blocks(input.subarray(half)),
  ]);
};

interface Writer {
  name: string;
  method: CompressionMethod;
  program: string;
  write: (input: Buffer) => Promise<Buffer>;
}
const writers: Writer[] = [
  { name: 'our own blocks', method: 'gzip', program: 'gzip', write: blocks },
  { name: 'gzip', method: 'gzip', program: 'gzip', write: run('gzip', '-c') },
  {
    name: 'gzip with a file name, and our own blocks after it',
    method: 'gzip',
    program: 'gzip',
    write: halves,
  },
  { name: 'pigz', method: 'gzip', program: 'pigz', write: run('pigz', '-c') },
  { name: 'bgzip', method: 'gzip', program: 'bgzip', write: run('bgzip', '-c') },
  { name: 'zstd', method: 'zstd', program: 'zstd', write: run('zstd', '-q', '-c') },
  { name: 'lz4', method: 'lz4', program: 'lz4', write: run('lz4', '-q', '-c') },
];

describe.for(writers)('a dump compressed by $name', ({ method, program, write }) => {
  test('is read back whole', async (context) => {
    if (!(await findProgram(program))) return context.skip(`${program} is not installed`);
    const bytes = await write(dump);
    const found = await readBackFile(await stored(bytes), method);
    expect(found).toEqual({
      sizeBytes: bytes.length,
      checksum: createHash('sha256').update(bytes).digest('hex'),
      uncompressedBytes: dump.length,
      tables: [{ schema: 'public', table: 't', rows }],
      countsExact: true,
      complete: true,
    });
  });

  test('is refused when it is cut, changed, or followed by anything', async (context) => {
    if (!(await findProgram(program))) return context.skip(`${program} is not installed`);
    const bytes = await write(dump);
    const flipped = (at: number) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] as number) ^ 0x10;
      return copy;
    };
    const damaged = {
      'cut to nothing': bytes.subarray(0, 0),
      'cut within the header': bytes.subarray(0, 5),
      'cut in the middle': bytes.subarray(0, bytes.length >> 1),
      'cut by a byte': bytes.subarray(0, -1),
      'flipped in the middle': flipped((bytes.length >> 1) + 7),
      'flipped at the start': flipped(1),
      'followed by text': Buffer.concat([bytes, Buffer.from('garbage')]),
      'followed by zeros': Buffer.concat([bytes, Buffer.alloc(600)]),
      'followed by the start of another': Buffer.concat([bytes, bytes.subarray(0, 7)]),
      'not compressed at all': dump,
    };
    for (const [damage, content] of Object.entries(damaged)) {
      const found = readBackFile(await stored(content), method).catch((error) => error);
      expect(await found, damage).toMatchObject({ type: 'VerificationFailed' });
    }
  });
});

test('bgzip’s own reader finds what Node finds in what bgzip wrote', async (context) => {
  const path = await findProgram('bgzip');
  if (!path) return context.skip('bgzip is not installed');
  const decompressor = { path, args: ['-d', '-c', '-@', '2'] };
  const bytes = await run('bgzip', '-c')(dump);
  const whole = await stored(bytes);
  expect(await readBackFile(whole, 'gzip', { decompressor })).toEqual(await readBackFile(whole, 'gzip'));
  const flipped = Buffer.from(bytes);
  flipped[(bytes.length >> 1) + 7] = (flipped[(bytes.length >> 1) + 7] as number) ^ 0x10;
  const damaged = {
    'cut to nothing': bytes.subarray(0, 0),
    'cut within the header': bytes.subarray(0, 5),
    'cut in the middle': bytes.subarray(0, bytes.length >> 1),
    'cut by a byte': bytes.subarray(0, -1),
    flipped,
    'followed by text': Buffer.concat([bytes, Buffer.from('garbage')]),
    'followed by zeros': Buffer.concat([bytes, Buffer.alloc(600)]),
    'followed by the start of another': Buffer.concat([bytes, bytes.subarray(0, 7)]),
  };
  for (const [damage, content] of Object.entries(damaged)) {
    const found = readBackFile(await stored(content), 'gzip', { decompressor }).catch((error) => error);
    expect(await found, damage).toMatchObject({ type: 'VerificationFailed' });
  }
});

test('a size in a member’s header that is not its size is refused', async () => {
  const bytes = await blocks(dump);
  for (const wrong of [0, 5, 1_000_000]) {
    const changed = Buffer.from(bytes);
    changed.writeUInt32LE(wrong, 16);
    const found = await readBackFile(await stored(changed), 'gzip').catch((error) => error);
    expect(found, `${wrong}`).toMatchObject({ type: 'VerificationFailed' });
  }
});

test('an empty file is told as empty, one that is missing as not found', async () => {
  await expect(readBackFile(await stored(Buffer.alloc(0)), 'lz4')).rejects.toThrow('it is empty');
  await expect(readBackFile(join(folder, 'none'), 'gzip')).rejects.toMatchObject({ type: 'BackupNotFound' });
});

test('what cannot be read is a failure of the storage, not of the backup', async () => {
  await expect(readBackFile(folder, 'gzip')).rejects.toMatchObject({ type: 'StorageFailed' });
  async function* failing(): AsyncGenerator<Buffer> {
    yield (await blocks(dump)).subarray(0, 1000);
    throw new Error('EIO: i/o error');
  }
  for (const method of ['gzip', 'zstd'] as const) {
    await expect(readBack(failing(), method)).rejects.toMatchObject({
      type: 'StorageFailed',
      message: /EIO/,
    });
  }
});

test('a dump without its end marker is read, and said not to be complete', async () => {
  const bytes = await blocks(dump.subarray(0, -100));
  expect(await readBackFile(await stored(bytes), 'gzip')).toMatchObject({ complete: false });
});

test('progress is the bytes read, up to all', async () => {
  const bytes = await blocks(dump);
  const told: number[] = [];
  await readBackFile(await stored(bytes), 'gzip', { onProgress: (readBytes) => told.push(readBytes) });
  expect(told.at(-1)).toBe(bytes.length);
  expect(told).toEqual([...told].sort((a, b) => a - b));
});

test.for(['gzip', 'zstd'] as const)('reading back %s ends when it is cancelled', async (method) => {
  const controller = new AbortController();
  const bytes = method === 'gzip' ? await blocks(dump) : await run('zstd', '-q', '-c')(dump);
  async function* endless(): AsyncGenerator<Buffer> {
    for (let times = 0; ; times++) {
      yield bytes;
      if (times === 2) controller.abort();
    }
  }
  const reading = readBack(endless(), method, { signal: controller.signal });
  await expect(reading).rejects.toMatchObject({ type: 'Cancelled' });
});

test.for(['row-counter-program', 'gunzip-program'])(
  '%s, ended by the system, is no damage of the file',
  async (program) => {
    const bytes = await blocks(dump);
    async function* endless(): AsyncGenerator<Buffer> {
      for (let times = 0; ; times++) {
        yield bytes;
        if (times === 2) execFileSync('pkill', ['-KILL', '-P', `${process.pid}`, '-f', program]);
      }
    }
    await expect(readBack(endless(), 'gzip')).rejects.toMatchObject({
      type: 'GeneralError',
      message: expect.stringContaining('was ended by SIGKILL'),
    });
  },
);
