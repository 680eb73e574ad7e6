import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { FullBackupInput, FullBackupResult } from '../../src/domain/backup/contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { failure, fullBackupInput, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

function start(queue: string, input: Partial<FullBackupInput> = {}) {
  return environment.client.workflow.start('fullBackup', {
    workflowId: randomUUID(),
    taskQueue: queue,
    args: [{ ...fullBackupInput, hostQueue: queue, ...input }],
  });
}

async function run(activities: Activities, input: Partial<FullBackupInput> = {}): Promise<FullBackupResult> {
  return withWorker(
    environment,
    activities,
    async (queue) => (await start(queue, input)).result() as Promise<FullBackupResult>,
  );
}

/** The failure at the root of a workflow's. */
async function rootOf(failed: Promise<unknown>): Promise<unknown> {
  const error = await failed.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError)) throw new Error(`the workflow did not fail: ${error}`);
  return error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
}

test('steps run in order, and partial files are cleaned up at the end', async () => {
  const { activities, calls } = scriptedActivities();
  expect(await run(activities)).toMatchObject({ tables: 2, rows: 7, warnings: [], expiredCount: 0 });
  // What goes on at the same time is called in no order.
  expect(calls.splice(6).sort()).toEqual(['cleanUpPartials', 'expireBackups', 'sendAlert']);
  expect(calls.splice(3, 2).sort()).toEqual(['checksumArtifact', 'dumpGlobals']);
  expect(calls).toEqual(['inspectDatabase', 'checkSpace', 'dumpDatabase', 'publishBackup']);
});

test('a backup waits for its globals and its checksum both, before it ends or is dumped anew', async () => {
  const ended: string[] = [];
  const { activities, calls } = scriptedActivities({
    checksumArtifact: () => Promise.reject(failure('StorageFailed')),
    dumpGlobals: async () => {
      await delay(300);
      ended.push('dumpGlobals');
      return { partial: null, missingBecause: null };
    },
    dumpDatabase: async () => {
      ended.push('dumpDatabase');
      return { attempt: 1, sizeBytes: 1, checksum: 'c', compression: 'gzip', tables: 0, rows: 0 };
    },
  });
  expect(await rootOf(run(activities))).toMatchObject({ type: 'StorageFailed' });
  expect(ended).toEqual(Array(3).fill(['dumpDatabase', 'dumpGlobals']).flat());
  expect(calls).not.toContain('publishBackup');
});

test('an error that trying again cannot mend is reported at once, and an alert sent', async () => {
  const alerts: Alert[] = [];
  const { activities, calls } = scriptedActivities({
    dumpDatabase: () => Promise.reject(failure('DumpFailed')),
    sendAlert: async (alert) => void alerts.push(alert),
  });
  const root = await rootOf(run(activities));
  expect(root).toBeInstanceOf(ApplicationFailure);
  expect(root).toMatchObject({ type: 'DumpFailed' });
  expect(calls.filter((name) => name === 'dumpDatabase')).toHaveLength(1);
  expect(calls.at(-1)).toBe('cleanUpPartials');
  expect(calls).not.toContain('expireBackups');
  expect(alerts).toMatchObject([{ type: 'backup_failed', priority: 'critical', database: 'shop' }]);
});

test('an interrupted dump is made again', async () => {
  let attempts = 0;
  const good = scriptedActivities().activities.dumpDatabase;
  const { activities } = scriptedActivities({
    dumpDatabase: (step) => {
      attempts += 1;
      return attempts < 4 ? Promise.reject(failure('DumpInterrupted', false)) : good(step);
    },
  });
  await run(activities);
  expect(attempts).toBe(4);
});

test('files that could not be made durable are dumped anew, three times at the most', async () => {
  const { activities, calls } = scriptedActivities({
    publishBackup: () => Promise.reject(failure('StorageFailed', false)),
  });
  expect(await rootOf(run(activities))).toMatchObject({ type: 'StorageFailed' });
  expect(calls.filter((name) => name === 'dumpDatabase')).toHaveLength(3);
  expect(calls.filter((name) => name === 'publishBackup')).toHaveLength(3);
});

test('a backup stays good when retention fails, and says so', async () => {
  const { activities } = scriptedActivities({
    expireBackups: () => Promise.reject(failure('RepositoryNotWritable')),
  });
  const { warnings } = await run(activities);
  expect(warnings).toEqual([expect.stringContaining('retention failed: scripted RepositoryNotWritable')]);
});

test('missing globals are told as a warning', async () => {
  const { activities } = scriptedActivities({
    dumpGlobals: async () => ({ partial: null, missingBecause: 'no privilege' }),
  });
  expect((await run(activities)).warnings).toEqual(['no privilege']);
});

test('a cancelled backup cleans up and publishes nothing', async () => {
  const { activities, calls } = scriptedActivities({
    dumpDatabase: () => Promise.reject(failure('DumpInterrupted', false)),
  });
  const root = await withWorker(environment, activities, async (queue) => {
    const handle = await start(queue);
    await environment.sleep('3 seconds');
    await handle.cancel();
    return rootOf(handle.result());
  });
  expect(root).toBeInstanceOf(CancelledFailure);
  expect(calls.at(-1)).toBe('cleanUpPartials');
  expect(calls).not.toContain('publishBackup');
  expect(calls).not.toContain('sendAlert');
});

test('an alert that cannot be delivered goes on by itself until it is, and holds up nothing', async () => {
  let refusals = 0;
  let id = '';
  const delivered: Alert[] = [];
  const { activities } = scriptedActivities({
    sendAlert: async (alert) => {
      refusals += 1;
      id = alert.id;
      if (refusals <= 5) throw failure('AlertNotDelivered', false);
      delivered.push(alert);
      return undefined;
    },
  });
  await withWorker(environment, activities, async (queue) => {
    const handle = await start(queue);
    await handle.result();
    const backup = await handle.describe();
    const delivery = environment.client.workflow.getHandle(`deliver-alert/${id}`);
    await delivery.result();
    expect((await delivery.describe()).closeTime?.getTime()).toBeGreaterThan(
      backup.closeTime?.getTime() ?? Infinity,
    );
  });
  expect(refusals).toBe(6);
  expect(delivered).toMatchObject([{ type: 'backup_succeeded' }]);
});

test('an alert that one channel did not take is sent again to that channel alone', async () => {
  const again: string[] = [];
  let id = '';
  const { activities, calls } = scriptedActivities({
    sendAlert: async (alert) => {
      id = alert.id;
      return ['webhook-1'];
    },
    sendAlertTo: async ({ channel, alert }) => {
      again.push(`${channel} ${alert.type}`);
      if (again.length < 3) throw failure('AlertNotDelivered', false);
    },
  });
  await withWorker(environment, activities, async (queue) => {
    const handle = await start(queue);
    await handle.result();
    await environment.client.workflow.getHandle(`deliver-alert/${id}`).result();
  });
  expect(again).toEqual(Array.from({ length: 3 }, () => 'webhook-1 backup_succeeded'));
  expect(calls.filter((name) => name === 'sendAlert')).toHaveLength(1);
});

test('the status query tells the step and its figures', async () => {
  const { activities } = scriptedActivities();
  const status = await withWorker(environment, activities, async (queue) => {
    const handle = await start(queue);
    await handle.result();
    return handle.query('status');
  });
  expect(status).toMatchObject({ step: 'done', sizeBytes: 1000, tables: 2, rows: 7 });
});
