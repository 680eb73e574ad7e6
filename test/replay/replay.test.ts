import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { workflowBundlePath } from '../../src/temporal/workflow-bundle.js';
import '../support/quiet-runtime.js';
import { historiesFolder, readHistory } from './histories.js';

const files = readdirSync(historiesFolder);

async function replay(history: Awaited<ReturnType<typeof readHistory>>): Promise<void> {
  const code = await readFile(workflowBundlePath, 'utf8');
  await Worker.runReplayHistory({ workflowBundle: { code } }, history);
}

test('there are histories to replay', () => {
  expect(files.length).toBeGreaterThanOrEqual(15);
});

test.each(files)('today’s workflows replay %s', async (file) => {
  await replay(await readHistory(file));
});

test('a history of other steps is refused', async () => {
  const history = await readHistory('full-backup-succeeded.history');
  const step = history.events?.find((event) => event.activityTaskScheduledEventAttributes);
  const type = step?.activityTaskScheduledEventAttributes?.activityType;
  if (!type) throw new Error('the history has no step');
  type.name = 'anotherStep';
  await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
});
