import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { KeepPreviousInput } from '../../src/domain/restore/keep-contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { failure, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

const message = { requester: 'ann@here', reason: 'wrong backup' };

function run<T>(activities: Activities, act: (handle: WorkflowHandle) => Promise<T>): Promise<T> {
  return withWorker(environment, activities, async (hostQueue) => {
    const input: KeepPreviousInput = {
      ...{ cluster: 'default', target: 'shop', hostQueue, restoredOid: 2, keepMinutes: 24 * 60 },
      previous: { name: 'shop__before_20260102_030405', oid: 1 },
      backupId: 'shop_full_20260102_020000',
    };
    const options = { workflowId: randomUUID(), taskQueue: hostQueue, args: [input] };
    return act(await environment.client.workflow.start('keepPrevious', options));
  });
}

test('what nobody asks back is dropped when its time is over', async () => {
  const { activities, calls } = scriptedActivities();
  await run(activities, async (handle) => {
    expect(await handle.result()).toMatchObject({ outcome: 'expired', requester: null });
    const { startTime, closeTime } = await handle.describe();
    expect((closeTime?.getTime() ?? 0) - startTime.getTime()).toBeGreaterThanOrEqual(24 * 3_600_000);
  });
  expect(calls).toEqual(['dropPrevious']);
});

test('an undo swaps back and drops nothing', async () => {
  const { activities, calls } = scriptedActivities();
  await run(activities, async (handle) => {
    const answer = await handle.executeUpdate('undo', { args: [message] });
    expect(answer).toMatchObject({
      outcome: 'undone',
      undoneName: 'shop__undone_20260102_030405',
      refusedMs: 7,
    });
    expect(await handle.result()).toEqual(answer);
  });
  expect(calls).toEqual(['undoRestore']);
});

test('a confirmation drops it at once', async () => {
  const { activities, calls } = scriptedActivities();
  await run(activities, async (handle) => {
    await handle.signal('confirm', message);
    expect(await handle.result()).toMatchObject({ outcome: 'confirmed', requester: 'ann@here' });
  });
  expect(calls).toEqual(['dropPrevious']);
});

test('an undo that fails leaves it kept, and it can be asked again', async () => {
  let attempts = 0;
  const good = scriptedActivities().activities.undoRestore;
  const { activities } = scriptedActivities({
    undoRestore: (step) => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(failure('DatabaseInUse')) : good(step);
    },
  });
  await run(activities, async (handle) => {
    const failed = handle.executeUpdate('undo', { args: [message] });
    await expect(failed).rejects.toThrow(WorkflowUpdateFailedError);
    expect(await handle.query('status')).toMatchObject({ outcome: 'kept' });
    expect(await handle.executeUpdate('undo', { args: [message] })).toMatchObject({ outcome: 'undone' });
  });
});

test('what can’t be dropped when its time is over is tried again hourly; after a day it is an alert', async () => {
  let tries = 0;
  const good = scriptedActivities().activities.dropPrevious;
  const failing = (until: number) =>
    scriptedActivities({
      dropPrevious: (step) => {
        tries += 1;
        return tries < until ? Promise.reject(failure('DatabaseInUse')) : good(step);
      },
    });
  await run(failing(3).activities, async (handle) => {
    expect(await handle.result()).toMatchObject({ outcome: 'expired' });
  });
  expect(tries).toBe(3);
  const never = failing(Infinity);
  tries = 0;
  await run(never.activities, async (handle) => {
    await expect(handle.result()).rejects.toThrow();
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.getAll().map(({ value }) => value)).toContain('failed');
  });
  expect(tries).toBe(24);
  expect(never.calls).toContain('sendAlert');
});

test('what somebody has renamed is not dropped later either', async () => {
  let tries = 0;
  const { activities } = scriptedActivities({
    dropPrevious: () => {
      tries += 1;
      return Promise.reject(failure('DropRefused'));
    },
  });
  await run(activities, async (handle) => {
    await expect(handle.result()).rejects.toThrow();
  });
  expect(tries).toBe(1);
});

test('one that is cancelled drops nothing, and tells which database is left and how to drop it', async () => {
  const alerts: Alert[] = [];
  const { activities, calls } = scriptedActivities({
    sendAlert: async (alert) => {
      alerts.push(alert);
      return undefined;
    },
  });
  await run(activities, async (handle) => {
    await handle.query('status');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  });
  expect(calls).toEqual(['sendAlert']);
  expect(alerts).toMatchObject([
    {
      ...{ type: 'restore_done', priority: 'medium', database: 'shop' },
      message: expect.stringMatching(/^database shop__before_20260102_030405, .* is left: .* was cancelled$/),
      remedy: expect.stringContaining('DROP DATABASE IF EXISTS shop__before_20260102_030405;'),
    },
  ]);
});
