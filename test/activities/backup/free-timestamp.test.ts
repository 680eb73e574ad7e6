import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freeTimestamp } from '../../../activities/backup/free-timestamp.js';
import { localRepository } from '../../../src/repository/local/local-repository.js';
import type { Repository } from '../../../src/repository/repository.js';
import { publishSample } from '../../repository/support/publication.js';

const now = Date.parse('2026-03-01T12:00:00.400Z');
const seconds = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `20260301_1200${String(from + at).padStart(2, '0')}`);

let folder: string;
let repository: Repository;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-free-'));
  repository = localRepository(folder, 'default');
  await repository.prepare();
});
afterEach(() => rm(folder, { recursive: true }));

test.for([
  [[], '20260301_120000'],
  [['20260301_115959', '20260301_120001'], '20260301_120000'],
  [seconds(0, 0), '20260301_120001'],
  [seconds(0, 11), '20260301_120012'],
  [['20260301_115958', ...seconds(0, 6)], '20260301_120007'],
] as const)('beside %j it is %s', async ([taken, free]) => {
  for (const timestamp of taken) await publishSample(repository, { timestamp });
  expect(await freeTimestamp(repository, 'shop', now)).toBe(free);
});
