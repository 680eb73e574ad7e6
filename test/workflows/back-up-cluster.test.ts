import { randomUUID } from 'node:crypto';
import { cancelled, heartbeat } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type {
  BackUpClusterInput,
  BackUpClusterResult,
  ClusterBackupEntry,
} from '../../src/domain/backup/cluster-contracts.js';
import { fullBackupWorkflowId } from '../../src/domain/backup/contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { failure, fullBackupInput, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

/** A server that has these databases, told page by page. */
function pageOf(all: string[]): Activities['discoverDatabases'] {
  return async ({ after, limit }) => {
    const left = [...all].sort().filter((name) => after === null || name > after);
    const databases = left.slice(0, limit);
    return { databases, more: left.length - databases.length, parallel: 2 };
  };
}

/** What a step does that goes on until its workflow, which it cancels itself, has it stopped. */
async function untilCancelled(workflowId: string): Promise<never> {
  await environment.client.workflow.getHandle(workflowId).cancel();
  const beat = setInterval(() => heartbeat(), 500);
  return cancelled().finally(() => clearInterval(beat));
}

async function run(
  activities: Activities,
  parallel = 2,
  more: Partial<BackUpClusterInput> = {},
): Promise<BackUpClusterResult> {
  const { database: _, ...input } = fullBackupInput;
  const cluster = more.cluster ?? randomUUID();
  return withWorker(environment, activities, (queue) =>
    environment.client.workflow.execute('backUpCluster', {
      workflowId: randomUUID(),
      taskQueue: queue,
      args: [{ ...input, hostQueue: queue, cluster, parallel, ...more }],
    }),
  );
}

test('a database that fails does not stop the rest', async () => {
  const good = scriptedActivities().activities.inspectDatabase;
  const { activities } = scriptedActivities({
    discoverDatabases: pageOf(['a', 'b', 'c', 'd']),
    inspectDatabase: (step) => (step.database === 'b' ? Promise.reject(failure('ClientTooOld')) : good(step)),
  });
  const result = await run(activities);
  expect(result).toMatchObject({ total: 4, failed: 1 });
  expect(result.entries.map(({ database }) => database).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(result.entries.find(({ database }) => database === 'b')?.error).toMatchObject({
    type: 'ClientTooOld',
  });
});

test('a database whose backup runs already is told with the workflow that does it', async () => {
  const cluster = randomUUID();
  const workflowId = fullBackupWorkflowId(cluster, 'a');
  const other = await environment.client.workflow.start('fullBackup', {
    ...{ workflowId, taskQueue: randomUUID(), args: [{ ...fullBackupInput, cluster, database: 'a' }] },
  });
  try {
    const { activities } = scriptedActivities({ discoverDatabases: pageOf(['a', 'b']) });
    const result = await run(activities, 2, { cluster });
    expect(result).toMatchObject({ total: 2, failed: 1 });
    expect(result.entries.find(({ database }) => database === 'a')?.error).toEqual({
      type: 'AlreadyRunning',
      message: `its backup is running already, or ending, as workflow ${workflowId}`,
    });
  } finally {
    await other.terminate();
  }
});

test('no more databases are dumped at a time than asked for', async () => {
  let running = 0;
  let most = 0;
  const good = scriptedActivities().activities.dumpDatabase;
  const { activities } = scriptedActivities({
    discoverDatabases: pageOf(['a', 'b', 'c', 'd', 'e', 'f']),
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
    discoverDatabases: pageOf(names),
    inspectDatabase: () => Promise.reject(failure('ClientTooOld')),
  });
  const result = await run(activities, 20);
  expect(result).toMatchObject({ total: 230, failed: 230 });
  expect(JSON.stringify(result).length).toBeLessThan(64 * 1024);
});

test('thirty databases in runs of eight: one that fails and one that somebody cancels stop no other', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `db${String(i).padStart(2, '0')}`);
  const cluster = randomUUID();
  const good = scriptedActivities().activities;
  const recorded: ClusterBackupEntry[] = [];
  const alerts: Alert[] = [];
  const pages: (string | null)[] = [];
  const { activities } = scriptedActivities({
    discoverDatabases: (step) => {
      pages.push(step.after);
      return pageOf(names)(step);
    },
    inspectDatabase: (step) =>
      step.database === 'db03' ? Promise.reject(failure('ClientTooOld')) : good.inspectDatabase(step),
    dumpDatabase: (step) =>
      step.database === 'db11'
        ? untilCancelled(fullBackupWorkflowId(cluster, 'db11'))
        : good.dumpDatabase(step),
    recordBackups: async ({ entries }) => {
      recorded.push(...entries);
      return '/data/logs/backups.json';
    },
    sendAlert: async (alert) => {
      alerts.push(alert);
      return undefined;
    },
  });
  const result = await run(activities, 3, { cluster, databasesPerRun: 8, stallTimeoutSeconds: 3 });
  expect(pages).toEqual([null, 'db07', 'db15', 'db23']);
  expect(result).toMatchObject({ total: 30, failed: 2, reportPath: '/data/logs/backups.json' });
  expect(result.entries.filter(({ error }) => error)).toMatchObject([
    { database: 'db03', error: { type: 'ClientTooOld' } },
    { database: 'db11', error: { type: 'Cancelled', message: 'somebody cancelled its backup' } },
  ]);
  expect(recorded.map(({ database }) => database).sort()).toEqual(names);
  // One alert tells of all: none of its own for any database.
  expect(alerts).toMatchObject([
    {
      ...{ type: 'backup_failed', priority: 'critical', cluster },
      message: expect.stringMatching(/28 of 30 databases.*db03: scripted ClientTooOld; db11: somebody/),
    },
  ]);
});

test('a cancelled cluster backs up no further database, and what was done stands in the report', async () => {
  const recorded: ClusterBackupEntry[] = [];
  const begun: string[] = [];
  const cluster = randomUUID();
  const good = scriptedActivities().activities;
  const workflowId = randomUUID();
  const { activities } = scriptedActivities({
    discoverDatabases: pageOf(['a', 'b', 'c', 'd']),
    dumpDatabase: (step) => {
      begun.push(step.database);
      return step.database === 'b' ? untilCancelled(workflowId) : good.dumpDatabase(step);
    },
    recordBackups: async ({ entries }) => {
      recorded.push(...entries);
      return '/data/logs/backups.json';
    },
  });
  const { database: _, ...input } = fullBackupInput;
  await withWorker(environment, activities, async (queue) => {
    const args = [{ ...input, hostQueue: queue, cluster, parallel: 1, stallTimeoutSeconds: 3 }];
    const running = environment.client.workflow.execute('backUpCluster', {
      workflowId,
      taskQueue: queue,
      args,
    });
    await expect(running).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  });
  expect(begun).toEqual(['a', 'b']);
  expect(recorded.map(({ database }) => database)).toEqual(['a']);
});

test('one that is cancelled while its report is written is not gone on with in a new run', async () => {
  const cluster = randomUUID();
  const workflowId = randomUUID();
  const pages: (string | null)[] = [];
  const { activities } = scriptedActivities({
    discoverDatabases: (step) => {
      pages.push(step.after);
      return pageOf(['a', 'b', 'c', 'd'])(step);
    },
    recordBackups: async () => {
      await environment.client.workflow.getHandle(workflowId).cancel();
      return '/data/logs/backups.json';
    },
  });
  const { database: _, ...input } = fullBackupInput;
  await withWorker(environment, activities, async (queue) => {
    const args = [{ ...input, hostQueue: queue, cluster, parallel: 1, databasesPerRun: 2 }];
    const running = environment.client.workflow.execute('backUpCluster', {
      workflowId,
      taskQueue: queue,
      args,
    });
    await expect(running).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  });
  expect(pages).toEqual([null]);
});

test('T4 a host whose queue no worker serves ends the backup with one alert, which names the host', async () => {
  const alerts: Alert[] = [];
  const { activities } = scriptedActivities({
    sendAlert: async (alert) => {
      alerts.push(alert);
      return undefined;
    },
  });
  const hostQueue = `holdfast-host-gone-${process.pid}`;
  await expect(run(activities, 2, { hostQueue, unservedAfterSeconds: 1 })).rejects.toThrow();
  expect(alerts).toMatchObject([
    {
      ...{ type: 'backup_failed', priority: 'critical' },
      message: `discoverDatabases: no worker serves ${hostQueue}; start \`holdfast worker\` there`,
    },
  ]);
});
