import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { failure, fullBackupInput, scriptedActivities, withWorker } from '../workflows/support.js';
import { writeHistory } from './histories.js';

// Run with RECORD_HISTORIES=1 after a change of a workflow that is not to be replayed by old runs. Recorded
// histories stay: they are what runs of earlier versions look like.
const recording = test.runIf(process.env.RECORD_HISTORIES === '1');

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  if (process.env.RECORD_HISTORIES === '1') environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment?.teardown();
});

async function record(name: string, type: string, overrides: Partial<Activities>, input: object = {}) {
  const { activities } = scriptedActivities(overrides);
  await withWorker(environment, activities, async (queue) => {
    const handle = await environment.client.workflow.start(type, {
      workflowId: randomUUID(),
      taskQueue: queue,
      args: [{ ...fullBackupInput, hostQueue: queue, ...input }],
    });
    await handle.result().catch(() => undefined);
    await writeHistory(name, await handle.fetchHistory());
  });
}

recording('records a backup that goes well', () => record('full-backup-succeeded', 'fullBackup', {}));

recording('records a backup whose dump fails', () =>
  record('full-backup-failed', 'fullBackup', { dumpDatabase: () => Promise.reject(failure('DumpFailed')) }),
);

recording('records a backup that is dumped anew and whose alert is not delivered', () => {
  const rounds: number[] = [];
  const good = scriptedActivities().activities.publishBackup;
  return record('full-backup-dumped-anew', 'fullBackup', {
    publishBackup: (step) => (rounds.push(1) === 1 ? Promise.reject(failure('StorageFailed')) : good(step)),
    sendAlert: () => Promise.reject(failure('AlertNotDelivered')),
  });
});

recording('records a cluster of which one database fails', () => {
  const good = scriptedActivities().activities.inspectDatabase;
  return record(
    'back-up-cluster',
    'backUpCluster',
    {
      discoverDatabases: async () => ['a', 'b', 'c'],
      inspectDatabase: (step) =>
        step.database === 'b' ? Promise.reject(failure('ClientTooOld')) : good(step),
    },
    { cluster: randomUUID(), parallel: 2 },
  );
});
