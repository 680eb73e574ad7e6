import { randomUUID } from 'node:crypto';
import { cancelled, heartbeat } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { DrillInput, DrillOutcome, DrillResult } from '../../src/domain/drill/contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { baseBackup, ends, failure, recoveryPlan, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

function run(
  activities: Activities,
  more: Partial<DrillInput> = {},
  workflowId: string = randomUUID(),
): Promise<DrillResult> {
  return withWorker(environment, activities, (queue) =>
    environment.client.workflow.execute('drillCluster', {
      ...{ workflowId, taskQueue: queue },
      args: [
        {
          ...{ cluster: randomUUID(), hostQueue: queue, requester: 'tester@here', stallTimeoutSeconds: 3 },
          ...more,
        },
      ],
    }),
  );
}

/** A repository that has backups of these databases, told page by page. */
function backupsOf(names: string[], pointInTime = false): Activities['planDrill'] {
  return async ({ after, limit }) => {
    const left = names.filter((name) => after === null || name > after);
    const drills = left
      .slice(0, limit)
      .map((database) => ({ database, on: 'default', of: 'default-1', createRoles: false }));
    return { drills, more: left.length - drills.length, pointInTime };
  };
}

/** What is recorded and told, and whose scratch databases were dropped. */
function noted(overrides: Partial<Activities>) {
  const recorded: DrillOutcome[] = [];
  const alerts: Alert[] = [];
  const dropped: string[] = [];
  const { activities, calls } = scriptedActivities({
    recordDrills: async ({ outcomes }) => {
      recorded.push(...outcomes);
      return { path: '/data/logs/drill.json', recovered: [] };
    },
    sendAlert: async (alert) => {
      alerts.push(alert);
      return undefined;
    },
    dropScratch: async ({ target }) => {
      dropped.push(target);
      return [target];
    },
    ...overrides,
  });
  return { activities, calls, recorded, alerts, dropped };
}

const good = scriptedActivities().activities;

test('a drill that fails stops no other, and each scratch database is dropped, in runs of two', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const { activities, calls, recorded, alerts, dropped } = noted({
    planDrill: backupsOf(names),
    loadBackup: (step) =>
      step.target === 'b' ? Promise.reject(failure('LoadFailed')) : good.loadBackup(step),
  });
  const result = await run(activities, { databasesPerRun: 2 });
  expect(result).toMatchObject({ totals: { drilled: 5, failed: 1 }, reportPath: '/data/logs/drill.json' });
  expect(result.outcomes.map(({ database, error }) => [database, error?.type])).toEqual(
    names.map((name) => [name, name === 'b' ? 'LoadFailed' : undefined]),
  );
  expect(dropped).toEqual(names);
  expect(recorded.map(({ database }) => database)).toEqual(names);
  expect(calls.filter((name) => name === 'clearDrills')).toHaveLength(1);
  expect(calls).not.toContain('swapDatabases');
  expect(alerts).toMatchObject([
    {
      type: 'restore_drill',
      priority: 'critical',
      message: expect.stringContaining('b: scripted LoadFailed'),
    },
  ]);
});

test('a cancelled drill drops its scratch database, keeps what was proven, and tells nobody', async () => {
  const workflowId = randomUUID();
  const { activities, recorded, alerts, dropped } = noted({
    planDrill: backupsOf(['a', 'b', 'c']),
    loadBackup: async (step) => {
      if (step.target !== 'b') return good.loadBackup(step);
      await environment.client.workflow.getHandle(workflowId).cancel();
      const beat = setInterval(() => heartbeat(), 500);
      return cancelled().finally(() => clearInterval(beat));
    },
  });
  await expect(run(activities, {}, workflowId)).rejects.toMatchObject({
    cause: { name: 'CancelledFailure' },
  });
  expect(dropped).toEqual(['a', 'b']);
  expect(recorded.map(({ database }) => database)).toEqual(['a']);
  expect(alerts).toEqual([]);
});

test('a point in time that can’t be recovered fails, and all of it is removed', async () => {
  const removed: unknown[] = [];
  const { activities, calls } = noted({
    planDrill: backupsOf([], true),
    placeDrill: async () => ({
      ...{ folder: '/data/drill_x', dataDir: '/data/drill_x/data', tablespaces: [] },
      backup: {
        id: baseBackup.id,
        takenAt: baseBackup.stoppedAt,
        ageSeconds: 9,
        sizeBytes: 1,
        uncompressedBytes: 9,
      },
    }),
    recoverCluster: () => Promise.reject(failure('RecoveryTargetNotReached')),
    releaseBase: async ({ unrecovered }) => {
      removed.push(unrecovered?.workDir);
    },
    removeDrillFolder: async ({ folder }) => {
      removed.push(folder);
    },
  });
  const result = await run(activities);
  expect(result).toMatchObject({
    totals: { drilled: 1, failed: 1 },
    outcomes: [{ database: null, error: { type: 'RecoveryTargetNotReached' }, proof: null }],
  });
  expect(removed).toEqual([recoveryPlan.workDir, '/data/drill_x']);
  expect(calls).not.toContain('finishRecovered');
});

test('an instant that can’t be recovered to alerts nobody where a person asked for it, and people by schedule', async () => {
  const { activities, alerts } = noted({
    planDrill: backupsOf([]),
    placeDrill: () => Promise.reject(failure('RecoveryTargetInvalid')),
  });
  const wish: Partial<DrillInput> = {
    ...{ databases: [], pointInTime: true },
    target: { kind: 'time', time: '2001-01-01 00:00:00.000000+00' },
  };
  const cluster = randomUUID();
  const refused = { cause: { cause: { type: 'RecoveryTargetInvalid' } } };
  await expect(run(activities, { ...wish, cluster })).rejects.toMatchObject(refused);
  expect(alerts).toEqual([]);
  expect(ends.find((end) => end.cluster === cluster)).toMatchObject({ outcome: 'rejected' });

  const scheduled = withWorker(environment, activities, (queue) => {
    const common = { hostQueue: queue, requester: 'holdfast/x/drill', stallTimeoutSeconds: 3 };
    const input: DrillInput = { ...wish, ...common, cluster };
    const operation = { type: 'drillCluster', workflowId: randomUUID(), summary: 'drill', input };
    const due = { cron: '0 4 1 * *', timeZone: 'UTC' };
    const args = [{ schedule: 'holdfast/x/drill', kind: 'drill', cluster, due, operation }];
    const start = { workflowId: randomUUID(), taskQueue: queue, args };
    return environment.client.workflow.execute('scheduledRun', start);
  });
  await expect(scheduled).rejects.toThrow();
  expect(alerts).toMatchObject([{ type: 'restore_drill', priority: 'critical', cluster }]);
});

test('a drill of nothing is an error, never a good drill', async () => {
  const { activities } = noted({ planDrill: backupsOf([], true) });
  await expect(run(activities)).rejects.toMatchObject({
    cause: { type: 'BackupNotFound', message: expect.stringContaining('there is no base backup') },
  });
});

test('what had failed the time before and is proven again is told', async () => {
  const { activities, alerts } = noted({
    recordDrills: async () => ({ path: '/data/logs/drill.json', recovered: ['shop'] }),
  });
  await run(activities);
  expect(alerts).toMatchObject([
    { priority: 'info', message: expect.stringContaining('proven again: shop') },
  ]);
});
