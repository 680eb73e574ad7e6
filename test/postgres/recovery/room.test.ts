import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookForRoom, requireRoom, whyNoRoom } from '../../../src/postgres/recovery/require-room.js';

test('room is looked for where a folder is to be made, and too little is told with both sizes', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'hf-room-'));
  onTestFinished(() => rm(parent, { recursive: true }));
  const room = await lookForRoom('recover', join(parent, 'new'), 1);
  expect(room).toMatchObject({ folder: parent, neededBytes: 1 });
  expect(whyNoRoom(room)).toBeUndefined();
  const needed = Number.MAX_SAFE_INTEGER;
  expect(whyNoRoom({ ...room, neededBytes: needed })).toContain(`(${needed} bytes), and `);
  await expect(requireRoom('recover', join(parent, 'new'), needed)).rejects.toMatchObject({
    type: 'NotEnoughSpace',
    message: expect.stringContaining(`are free in ${parent}`),
  });
});
