import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseCompressor } from '../../../src/stream/compression/choose-compressor.js';
import { compressorProgram } from '../../../src/stream/compression/compressor.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-programs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Puts a program into the folder that says only its version. */
async function install(name: string, output: string, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho '${output}'\n`, { mode });
  return path;
}

test('gzip is done by Node where no program for it is installed', async () => {
  const choice = await chooseCompressor({ method: 'gzip', pathDirs: [folder] });
  expect(choice).toMatchObject({ method: 'gzip', level: 6, program: 'node', version: process.versions.zlib });
  expect(choice.path).toBeUndefined();
  expect(choice.threads).toBeGreaterThan(0);
});

test('gzip is done by bgzip wherever it is installed', async () => {
  const bgzip = await install('bgzip', 'bgzip (htslib) 1.19.1');
  const choice = await chooseCompressor({ method: 'gzip', level: 9, pathDirs: ['/nowhere', folder] });
  expect(choice).toMatchObject({ level: 9, program: 'bgzip', path: bgzip, version: '1.19.1' });
});

test.for([
  [undefined, 5],
  [6, 5],
  [5, 5],
  [9, 9],
] as const)('bgzip, which packs tighter than gzip, is given for level %s: %i', async ([level, given]) => {
  await install('bgzip', 'bgzip (htslib) 1.19.1');
  const choice = await chooseCompressor({
    ...{ method: 'gzip', pathDirs: [folder] },
    ...(level && { level }),
  });
  expect(choice.level).toBe(level ?? 6);
  const { args } = compressorProgram(choice);
  expect(args.slice(0, 3)).toEqual(['-c', '-l', `${given}`]);
});

test.for([
  [undefined, '5'],
  [9, '9'],
] as const)('Node, whose zlib packs tighter too, is given for level %s: %s', async ([level, given]) => {
  const choice = await chooseCompressor({
    ...{ method: 'gzip', pathDirs: [folder] },
    ...(level && { level }),
  });
  expect(choice).toMatchObject({ program: 'node', level: level ?? 6 });
  expect(compressorProgram(choice).args[1]).toBe(given);
});

test('a program that may not be run, or does not run, is passed over', async () => {
  const byNode = { program: 'node' };
  await install('bgzip', 'bgzip 1', 0o644);
  expect(await chooseCompressor({ method: 'gzip', pathDirs: [folder] })).toMatchObject(byNode);
  await rm(join(folder, 'bgzip'));
  await writeFile(join(folder, 'bgzip'), '#!/nonexistent\n', { mode: 0o755 });
  expect(await chooseCompressor({ method: 'gzip', pathDirs: [folder] })).toMatchObject(byNode);
});

test.for([
  ['zstd', 2],
  ['lz4', 1],
] as const)('%s needs its program, and has level %i by default', async ([method, level]) => {
  await expect(chooseCompressor({ method, pathDirs: [folder] })).rejects.toMatchObject({
    type: 'ToolMissing',
    remedy: expect.stringContaining(`package "${method}"`),
  });
  await install(method, `*** Some CLI v1.5.4, by somebody ***`);
  expect(await chooseCompressor({ method, pathDirs: [folder] })).toMatchObject({ level, version: '1.5.4' });
});

test.for([
  ['gzip', 0],
  ['gzip', 10],
  ['zstd', 20],
  ['lz4', 13],
  ['gzip', 1.5],
] as const)('%s has no level %f', async ([method, level]) => {
  await expect(chooseCompressor({ method, level, pathDirs: [folder] })).rejects.toMatchObject({
    type: 'ConfigurationInvalid',
    message: expect.stringContaining(`${level}`),
  });
});
