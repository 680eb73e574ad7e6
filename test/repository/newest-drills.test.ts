import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DrillOutcome } from '../../src/domain/drill/contracts.js';
import { rememberDrill } from '../../src/repository/drill-memory.js';
import { newestDrills } from '../../src/repository/newest-drills.js';

const outcome = (database: string | null, at: string, message?: string): DrillOutcome => ({
  ...{ database, on: 'main', at, backup: null, proof: null, secondsPerGb: null, warnings: [] },
  error: message === undefined ? null : { type: 'LoadFailed', message },
  seconds: { verify: 1, load: 1, prove: 1, total: 3 },
});

test('the last drill of each is told, and when one was proven last', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hf-drills-'));
  onTestFinished(() => rm(root, { recursive: true }));
  expect(await newestDrills(root, 'main')).toEqual([]);
  const [march, april] = ['2026-03-01T03:00:00.000Z', '2026-04-01T03:00:00.000Z'];
  await rememberDrill(root, outcome('shop', march));
  await rememberDrill(root, outcome('shop', april, 'no room'));
  await rememberDrill(root, outcome(null, april, 'a gap'));
  const last = { cluster: 'main', at: april, proven: false, backupId: null };
  expect(await newestDrills(root, 'main')).toEqual([
    { ...last, database: 'shop', problem: 'no room', lastProvenAt: march },
    { ...last, database: null, problem: 'a gap', lastProvenAt: null },
  ]);
});
