import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { proveWritable } from '../../src/doctor/prove-writable.js';

test('a folder that can’t be written is told with the variable that names another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-writable-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const setting of ['BACKUP_DIR', 'HOLDFAST_STATE_DIR'])
      await expect(proveWritable(join(file, 'inside'), setting)).rejects.toMatchObject({
        remedy: expect.stringMatching(new RegExp(`or set ${setting} to another folder$`)),
      });
    expect(await proveWritable(join(folder, 'new'))).toBe(false);
    expect(await proveWritable(folder)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
