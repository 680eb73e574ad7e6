import { type FileHandle, mkdtemp, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GrowingFile } from '../../src/stream/growing-file.js';

let folder: string;
let path: string;
let writer: FileHandle;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-growing-'));
  path = join(folder, 'partial');
  writer = await open(path, 'w');
});
afterEach(async () => {
  await writer.close();
  await rm(folder, { recursive: true });
});

const never = new AbortController().signal;

async function readAll(file: GrowingFile): Promise<string> {
  let text = '';
  for await (const chunk of file.read(never)) text += chunk.toString('latin1');
  return text;
}

test('all that is written is read, in order, however it was written', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.string({ maxLength: 5, unit: 'binary-ascii' })),
    async (pieces) => {
      await writer.truncate(0);
      const reader = await GrowingFile.follow(path, writer);
      const reading = readAll(reader);
      let written = 0;
      for (const piece of pieces) {
        await writer.write(piece, written);
        written += Buffer.byteLength(piece);
        reader.grewTo(written);
      }
      reader.complete();
      expect(await reading).toBe(pieces.join(''));
      await reader.close();
    },
  );
  await fc.assert(property, { numRuns: 30 });
});

test('nothing is read beyond what the writer says, until it says that it is complete', async () => {
  const reader = await GrowingFile.follow(path, writer);
  await writer.write('abcdef', 0);
  reader.grewTo(3);
  const chunks = reader.read(never);
  expect((await chunks.next()).value?.toString()).toBe('abc');
  const next = chunks.next();
  reader.complete();
  expect((await next).value?.toString()).toBe('def');
  expect((await chunks.next()).done).toBe(true);
  await reader.close();
});

test('a file that lost what was written to it is an error', async () => {
  const reader = await GrowingFile.follow(path, writer);
  await writer.write('abcdef', 0);
  await truncate(path, 0);
  reader.grewTo(6);
  await expect(readAll(reader)).rejects.toThrow('the file ends at byte 0');
  await reader.close();
});

test('waiting for more ends when it is cancelled', async () => {
  const controller = new AbortController();
  const reader = await GrowingFile.follow(path, writer);
  const next = reader.read(controller.signal).next();
  controller.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
  await reader.close();
});

test('another file under the same path, or a symbolic link, is not followed', async () => {
  await rename(path, `${path}.moved`);
  await writeFile(path, 'other');
  await expect(GrowingFile.follow(path, writer)).rejects.toThrow('is not the file that is being written');
  await rm(path);
  await symlink(`${path}.moved`, path);
  await expect(GrowingFile.follow(path, writer)).rejects.toThrow('ELOOP');
});
