import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SyncBehind } from '../../../src/stream/store/sync-behind.js';
import { writeStream } from '../../../src/stream/store/write-stream.js';

let folder: string;
let file: FileHandle;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-sync-'));
  file = await open(join(folder, 'file'), 'wx');
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

test('every part is made durable while the next is written, and waited for before the one after it', async () => {
  let done: () => void = () => undefined;
  const datasync = vi.spyOn(file, 'datasync').mockImplementation(
    () =>
      new Promise((resolve) => {
        done = resolve;
      }),
  );
  const behind = new SyncBehind(file, 100);
  await behind.written(99);
  expect(datasync).not.toHaveBeenCalled();
  await behind.written(100);
  await behind.written(199);
  expect(datasync).toHaveBeenCalledOnce();
  let went = false;
  const next = behind.written(200).then(() => {
    went = true;
  });
  await new Promise(setImmediate);
  expect(went).toBe(false);
  done();
  await next;
  expect(datasync).toHaveBeenCalledTimes(2);
});

test('a part that could not be made durable fails the stream, also where it was the last', async () => {
  vi.spyOn(file, 'datasync').mockRejectedValue(
    Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'fdatasync', errno: -5 }),
  );
  const portion = Buffer.alloc(32 * 1024 * 1024);
  const source = (async function* () {
    for (let at = 0; at < 8; at++) yield portion;
  })();
  const onFailed = vi.fn();
  const path = join(folder, 'file');
  await expect(
    writeStream(source, { file, path, onWritten: () => undefined, onFailed }),
  ).rejects.toMatchObject({
    type: 'StorageFailed',
    message: expect.stringContaining('EIO'),
  });
  expect(onFailed).toHaveBeenCalledOnce();
});
