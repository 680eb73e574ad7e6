import { readFile } from 'node:fs/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import { operationSinks } from '../../src/temporal/operation-sinks.js';
import { workflowBundlePath } from '../../src/temporal/workflow-bundle.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { ends, failure, fullBackupInput, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(() => environment.teardown());

beforeEach(() => {
  ends.length = 0;
});

async function run(type: string, input: object, overrides: Partial<Activities> = {}) {
  const { activities } = scriptedActivities(overrides);
  return withWorker(environment, activities, async (hostQueue) => {
    const handle = await environment.client.workflow.start(type, {
      ...{ workflowId: hostQueue, taskQueue: hostQueue, args: [{ ...fullBackupInput, hostQueue, ...input }] },
    });
    await handle.result().catch(() => undefined);
    return handle;
  });
}

const ofShop = { operation: 'full-backup', cluster: 'default', database: 'shop' };

test('an operation tells how it ended, once, and the size of its backup', async () => {
  const handle = await run('fullBackup', {});
  expect(ends).toEqual([
    {
      ...ofShop,
      ...{ outcome: 'succeeded', sizeBytes: 1000, at: expect.any(String), durationMs: expect.any(Number) },
    },
  ]);
  const replayed: unknown[] = [];
  await Worker.runReplayHistory(
    {
      workflowBundle: { code: await readFile(workflowBundlePath, 'utf8') },
      sinks: operationSinks((end) => void replayed.push(end)),
    },
    await handle.fetchHistory(),
  );
  expect(replayed).toEqual([]);
});

test('one that fails, and one that is cancelled, are told apart', async () => {
  await run('fullBackup', {}, { dumpDatabase: () => Promise.reject(failure('DumpFailed')) });
  expect(ends).toMatchObject([{ ...ofShop, outcome: 'failed', sizeBytes: null }]);
  ends.length = 0;
  const { activities } = scriptedActivities({
    dumpDatabase: () => Promise.reject(failure('DumpInterrupted', false)),
  });
  await withWorker(environment, activities, async (hostQueue) => {
    const handle = await environment.client.workflow.start('fullBackup', {
      ...{ workflowId: hostQueue, taskQueue: hostQueue, args: [{ ...fullBackupInput, hostQueue }] },
    });
    await environment.sleep('3 seconds');
    await handle.cancel();
    await handle.result().catch(() => undefined);
  });
  expect(ends).toMatchObject([{ ...ofShop, outcome: 'cancelled' }]);
});

test('a WAL cycle that takes a base backup has its size, and a cluster’s operation no database', async () => {
  await run(
    'walCycle',
    {},
    { planBase: async () => ({ id: 'base_20260102_020000', because: 'there is none' }) },
  );
  expect(ends).toMatchObject([
    { operation: 'wal-cycle', database: '', outcome: 'succeeded', sizeBytes: 5000 },
  ]);
});
