import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { BackUpClusterResult } from '../../src/domain/contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { failure, fullBackupInput, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

async function run(activities: Activities, parallel = 2): Promise<BackUpClusterResult> {
  const { database: _, ...input } = fullBackupInput;
  const cluster = randomUUID();
  return withWorker(environment, activities, (queue) =>
    environment.client.workflow.execute('backUpCluster', {
      workflowId: randomUUID(),
      taskQueue: queue,
      args: [{ ...input, hostQueue: queue, cluster, parallel }],
    }),
  );
}

test('a database that fails does not stop the rest', async () => {
  const good = scriptedActivities().activities.inspectDatabase;
  const { activities } = scriptedActivities({
    discoverDatabases: async () => ['a', 'b', 'c', 'd'],
    inspectDatabase: (step) => (step.database === 'b' ? Promise.reject(failure('ClientTooOld')) : good(step)),
  });
  const result = await run(activities);
  expect(result).toMatchObject({ total: 4, failed: 1 });
  expect(result.entries.map(({ database }) => database).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(result.entries.find(({ database }) => database === 'b')?.error).toMatchObject({
    type: 'ClientTooOld',
  });
});

test('no more databases are dumped at a time than asked for', async () => {
  let running = 0;
  let most = 0;
  const good = scriptedActivities().activities.dumpDatabase;
  const { activities } = scriptedActivities({
    discoverDatabases: async () => ['a', 'b', 'c', 'd', 'e', 'f'],
    dumpDatabase: async (step) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 100));
      running -= 1;
      return good(step);
    },
  });
  expect(await run(activities, 2)).toMatchObject({ total: 6, failed: 0 });
  expect(most).toBe(2);
});

test('the result of a cluster with thousands of databases stays small', async () => {
  const names = Array.from({ length: 230 }, (_, i) => `${'x'.repeat(60)}${i}`);
  const { activities } = scriptedActivities({
    discoverDatabases: async () => names,
    inspectDatabase: () => Promise.reject(failure('ClientTooOld')),
  });
  const result = await run(activities, 20);
  expect(result).toMatchObject({ total: 230, failed: 230 });
  expect(JSON.stringify(result).length).toBeLessThan(64 * 1024);
});
