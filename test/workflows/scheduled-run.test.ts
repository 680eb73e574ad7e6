import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { ScheduledRunResult } from '../../src/domain/schedule/contracts.js';
import { errorOfWorkflow } from '../../src/temporal/failure.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { failure, fullBackupInput, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

/** Runs a schedule's run for a cluster of three databases; its result or error, and the alerts. */
async function run(overrides: Partial<Activities>, workflowId: string = randomUUID()) {
  const alerts: Alert[] = [];
  const { activities } = scriptedActivities({
    discoverDatabases: async () => ({ databases: ['a', 'b', 'c'], more: 0, parallel: 2 }),
    ...overrides,
    sendAlert: async (alert: Alert) => {
      alerts.push(alert);
      return undefined;
    },
  });
  const end = await withWorker(environment, activities, async (queue): Promise<unknown> => {
    const { database: _, ...common } = fullBackupInput;
    const input = { ...common, hostQueue: queue, cluster: randomUUID(), parallel: 2 };
    const operation = { type: 'backUpCluster', workflowId, summary: 'full backup of all', input };
    const due = { cron: '0 2 * * *', timeZone: 'UTC' };
    const args = [{ schedule: 'holdfast/x/full', kind: 'full', cluster: 'x', due, operation }];
    const start = { workflowId: `scheduled/${randomUUID()}`, taskQueue: queue, args };
    return environment.client.workflow
      .execute('scheduledRun', start)
      .catch((error: unknown) => errorOfWorkflow(error, 'run'));
  });
  return { end, alerts };
}

const told = (alerts: Alert[]) => alerts.filter(({ priority }) => priority === 'critical');

test('a run is as good as its work', async () => {
  const workflowId = randomUUID();
  const { end, alerts } = await run({}, workflowId);
  const result: ScheduledRunResult = { workflowId, outcome: 'succeeded', told: '3 of 3 databases backed up' };
  expect(end).toEqual(result);
  expect(told(alerts)).toEqual([]);
});

test('a run of which a database fails has failed, with the cause, and nobody is told twice', async () => {
  const good = scriptedActivities().activities.inspectDatabase;
  const { end, alerts } = await run({
    inspectDatabase: (step) => (step.database === 'b' ? Promise.reject(failure('ClientTooOld')) : good(step)),
  });
  expect(end).toMatchObject({
    type: 'DumpFailed',
    message: expect.stringMatching(/^back up every database by schedule: 1 database failed, as b: /),
  });
  expect(told(alerts)).toMatchObject([{ type: 'backup_failed', message: expect.stringContaining('b: ') }]);
});

test('a run whose databases can’t even be listed is told of', async () => {
  const { end, alerts } = await run({
    discoverDatabases: () => Promise.reject(failure('AuthenticationFailed')),
  });
  expect(end).toMatchObject({ type: 'AuthenticationFailed' });
  expect(told(alerts)).toMatchObject([{ type: 'backup_failed', database: '' }]);
});

test('work that goes on already makes a run skipped', async () => {
  const workflowId = randomUUID();
  const start = { workflowId, taskQueue: 'nobody', args: [] };
  const running = await environment.client.workflow.start('backUpCluster', start);
  const { end, alerts } = await run({}, workflowId);
  await running.terminate();
  expect(end).toEqual({ workflowId, outcome: 'skipped', told: 'it ran already' });
  expect(alerts).toEqual([]);
});

test('a schedule’s run waits for a server that restarts, which is told at once to a person', async () => {
  let asked = 0;
  const restarting = (tries: number): Partial<Activities> => ({
    discoverDatabases: async () => {
      asked += 1;
      if (asked <= tries) throw failure('ServerUnreachable', false);
      return { databases: ['a'], more: 0, parallel: 2, leftOut: [], leftOutCount: 0 };
    },
  });
  expect((await run(restarting(3))).end).toMatchObject({ outcome: 'succeeded' });
  expect(asked).toBe(4);

  asked = 0;
  const { activities } = scriptedActivities(restarting(3));
  const byHand = await withWorker(environment, activities, (queue) => {
    const { database: _, ...common } = fullBackupInput;
    const args = [{ ...common, hostQueue: queue, cluster: randomUUID(), parallel: 2 }];
    return environment.client.workflow
      .execute('backUpCluster', { workflowId: randomUUID(), taskQueue: queue, args })
      .catch((error: unknown) => errorOfWorkflow(error, 'run'));
  });
  expect(byHand).toMatchObject({ type: 'ServerUnreachable' });
  expect(asked).toBe(3);
});
