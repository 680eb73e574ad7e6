import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ActivityFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { DecisionMessage } from '../../src/domain/approval/contracts.js';
import { protectedPolicy } from '../../src/domain/approval/policy.js';
import type { RestoreInput, RestoreResult } from '../../src/domain/restore/contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { evidence, failure, restoreInput, scriptedActivities, untilWaiting, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

const decision: DecisionMessage = { approver: 'ann@here', reason: 'seen', evidence };

async function start(
  queue: string,
  input: Partial<RestoreInput>,
  where: TestWorkflowEnvironment,
): Promise<WorkflowHandle> {
  const all: RestoreInput = {
    ...restoreInput,
    cluster: randomUUID(),
    hostQueue: queue,
    ...input,
  };
  return where.client.workflow.start('restoreDatabase', {
    workflowId: randomUUID(),
    taskQueue: queue,
    args: [all],
  });
}

function run<T>(
  activities: Activities,
  act: (handle: WorkflowHandle) => Promise<T>,
  input: Partial<RestoreInput> = {},
  where = environment,
): Promise<T> {
  return withWorker(where, activities, async (queue) => act(await start(queue, input, where)));
}

function resultOf(handle: WorkflowHandle): Promise<RestoreResult> {
  return handle.result() as Promise<RestoreResult>;
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

async function refusalOf(update: Promise<unknown>): Promise<string> {
  const error = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`the update was not refused: ${error}`);
  return error.cause?.message ?? '';
}

function update(handle: WorkflowHandle, name: string, message: object = decision): Promise<unknown> {
  return handle.executeUpdate(name, { args: [message] });
}

test('an approved restore swaps, and keeps what the database was', async () => {
  const { activities, calls } = scriptedActivities();
  const result = await run(activities, async (handle) => {
    const waiting = await untilWaiting(handle);
    expect(waiting).toMatchObject({ step: 'await approval', evidence: { digest: evidence } });
    expect(calls).not.toContain('swapDatabases');
    expect(await update(handle, 'approve')).toEqual({ outcome: 'approved', missing: 0 });
    return resultOf(handle);
  });
  expect(result).toMatchObject({
    ...{ tables: 2, rows: 7, refusedMs: 3, summaryPath: '/data/logs/summary.json' },
    approval: { outcome: 'approved', approvals: [{ approver: 'ann@here', reason: 'seen' }] },
    previous: { name: 'shop__before_20260102_030405' },
  });
  const steps = calls.filter((name) => name !== 'sendAlert');
  expect(steps.slice(0, 12)).toEqual([
    ...['resolveBackup', 'verifyArtifact', 'inspectTarget', 'createStagingDatabase', 'loadBackup'],
    ...['proveStaging', 'sealStagingDatabase', 'gatherEvidence', 'leaseBackup', 'recheckArtifact'],
    ...['swapDatabases', 'writeSummary'],
  ]);
  expect(calls).not.toContain('dropStaging');
});

test('a target that does not exist needs no approval and keeps nothing', async () => {
  const good = scriptedActivities().activities.gatherEvidence;
  const { activities } = scriptedActivities({
    gatherEvidence: async (step) => ({
      ...(await good(step)),
      target: { name: 'shop', oid: null, acceptsConnections: true },
    }),
  });
  expect(await run(activities, resultOf)).toMatchObject({ approval: null, previous: null });
});

test('a rejected restore ends as such, drops the staging database and never swaps', async () => {
  const { activities, calls } = scriptedActivities();
  const root = await run(activities, async (handle) => {
    await untilWaiting(handle);
    await update(handle, 'reject', { ...decision, reason: 'wrong day' });
    return rootOf(handle.result());
  });
  expect(root).toMatchObject({ type: 'RestoreRejected', message: expect.stringContaining('wrong day') });
  expect(calls).toContain('dropStaging');
  expect(calls).not.toContain('swapDatabases');
});

test('a decision may come as a signal, too', async () => {
  const { activities } = scriptedActivities();
  const result = await run(activities, async (handle) => {
    await untilWaiting(handle);
    await handle.signal('approve', { nonsense: true });
    await handle.signal('approve', decision);
    return resultOf(handle);
  });
  expect(result.approval?.approvals).toMatchObject([{ approver: 'ann@here' }]);
});

test('a restore that nobody decides on is reminded of once, expires, and drops the staging database', async () => {
  const alerts: Alert[] = [];
  const { activities, calls } = scriptedActivities({ sendAlert: async (alert) => void alerts.push(alert) });
  // The clock can't run past what other tests have left waiting, without a worker, for an undo.
  const alone = await createTimeSkippingEnvironment();
  try {
    const root = await run(activities, (handle) => rootOf(handle.result()), {}, alone);
    expect(root).toMatchObject({ type: 'ApprovalExpired' });
  } finally {
    await alone.teardown();
  }
  expect(alerts.map(({ type }) => type)).toEqual(['restore_approval', 'restore_approval', 'restore_done']);
  expect(alerts[0]).toMatchObject({
    message: expect.stringMatching(/asked for by .+, waits for approval until \d{4}-.*Z$/),
    remedy: expect.stringMatching(/`holdfast approve \S+ --reason WHY`.*`holdfast reject \S+ --reason WHY`/),
  });
  const [first, second] = alerts.map(({ time }) => Date.parse(time));
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(11 * 3_600_000);
  expect(calls).toContain('dropStaging');
  expect(calls).not.toContain('swapDatabases');
});

test('S2 other evidence, the requester of a protected target, and one person twice are refused and recorded', async () => {
  const good = scriptedActivities().activities.inspectTarget;
  const policy = { ...protectedPolicy, approvers: 2 };
  const { activities, calls } = scriptedActivities({
    inspectTarget: async (step) => ({ ...(await good(step)), policy }),
  });
  const result = await run(activities, async (handle) => {
    await untilWaiting(handle);
    const other = { ...decision, evidence: 'f'.repeat(64) };
    expect(await refusalOf(update(handle, 'approve', other))).toContain('other evidence');
    const requester = { ...decision, approver: 'tester@here' };
    expect(await refusalOf(update(handle, 'approve', requester))).toContain('asked for the restore');
    expect(await update(handle, 'approve')).toEqual({ outcome: 'pending', missing: 1 });
    expect(await refusalOf(update(handle, 'approve'))).toContain('approved already');
    expect(calls).not.toContain('swapDatabases');
    await update(handle, 'approve', { ...decision, approver: 'bob@there' });
    return resultOf(handle);
  });
  expect(result.approval?.record.map(({ refusedBecause }) => refusedBecause === null)).toEqual([
    ...[false, false, true, false, true],
  ]);
});

test('people are reminded as often as the policy says, until the deadline', async () => {
  const good = scriptedActivities().activities.inspectTarget;
  const alerts: Alert[] = [];
  const { activities, calls } = scriptedActivities({
    inspectTarget: async (step) => ({
      ...(await good(step)),
      policy: { ...protectedPolicy, deadlineMinutes: 100, reminderMinutes: 30 },
    }),
    sendAlert: async (alert) => void alerts.push(alert),
  });
  // The clock can't run past what other tests have left waiting, without a worker, for an undo.
  const alone = await createTimeSkippingEnvironment();
  try {
    await run(activities, (handle) => rootOf(handle.result()), {}, alone);
  } finally {
    await alone.teardown();
  }
  expect(alerts.map(({ type }) => type)).toEqual([
    ...['restore_approval', 'restore_approval', 'restore_approval', 'restore_approval', 'restore_done'],
  ]);
  expect(calls).not.toContain('swapDatabases');
});

test('that the requester means to approve unasked is told to the step that knows the policy', async () => {
  const asked: unknown[] = [];
  const { activities, calls } = scriptedActivities({
    inspectTarget: ({ approveAsRequester }) => {
      asked.push(approveAsRequester);
      return Promise.reject(failure('RestoreRejected'));
    },
  });
  const root = await run(activities, (handle) => rootOf(handle.result()), { approveAsRequester: true });
  expect(root).toMatchObject({ type: 'RestoreRejected' });
  expect(asked).toEqual([true]);
  expect(calls).not.toContain('createStagingDatabase');
});

test('an update that is no decision is refused before it reaches the record', async () => {
  const { activities } = scriptedActivities();
  const result = await run(activities, async (handle) => {
    await untilWaiting(handle);
    expect(await refusalOf(update(handle, 'approve', { approver: 'ann' }))).toContain('it has no reason');
    await update(handle, 'approve');
    return resultOf(handle);
  });
  expect(result.approval?.record).toHaveLength(1);
});

test('S2 an artifact that changed while people decided stops the swap', async () => {
  const { activities, calls } = scriptedActivities({
    recheckArtifact: () => Promise.reject(failure('VerificationFailed')),
  });
  const root = await run(activities, async (handle) => {
    await untilWaiting(handle);
    await update(handle, 'approve');
    return rootOf(handle.result());
  });
  expect(root).toMatchObject({ type: 'VerificationFailed' });
  expect(calls).toContain('dropStaging');
  expect(calls).not.toContain('swapDatabases');
});

test('a restore that is cancelled while it waits drops the staging database', async () => {
  const { activities, calls } = scriptedActivities();
  const root = await run(activities, async (handle) => {
    await untilWaiting(handle);
    await handle.cancel();
    return rootOf(handle.result());
  });
  expect(root).toBeInstanceOf(CancelledFailure);
  expect(calls).toContain('dropStaging');
  expect(calls).not.toContain('swapDatabases');
});

test('a failure while loading drops the staging database and asks nobody', async () => {
  const { activities, calls } = scriptedActivities({
    loadBackup: () => Promise.reject(failure('LoadFailed')),
  });
  expect(await run(activities, (handle) => rootOf(handle.result()))).toMatchObject({ type: 'LoadFailed' });
  expect(calls).toContain('dropStaging');
  expect(calls).not.toContain('gatherEvidence');
});

test('K1 a damaged artifact ends the restore before anything is created', async () => {
  const { activities, calls } = scriptedActivities({
    verifyArtifact: () => Promise.reject(failure('VerificationFailed')),
  });
  expect(await run(activities, (handle) => rootOf(handle.result()))).toMatchObject({
    type: 'VerificationFailed',
  });
  for (const name of ['createStagingDatabase', 'dropStaging', 'swapDatabases'])
    expect(calls).not.toContain(name);
});

test('X3 a swap that failed but was done all the same counts as done', async () => {
  const { activities, calls } = scriptedActivities({
    swapDatabases: () => Promise.reject(failure('ConnectionLost')),
    settleSwap: async () => 'done' as const,
  });
  const result = await run(activities, async (handle) => {
    await untilWaiting(handle);
    await update(handle, 'approve');
    return resultOf(handle);
  });
  expect(result).toMatchObject({ refusedMs: null, previous: { name: 'shop__before_20260102_030405' } });
  expect(calls).not.toContain('dropStaging');
});

test('X3 a swap that failed and was undone ends the restore and drops the staging database', async () => {
  const { activities, calls } = scriptedActivities({
    swapDatabases: () => Promise.reject(failure('SwapRefused')),
  });
  const root = await run(activities, async (handle) => {
    await untilWaiting(handle);
    await update(handle, 'approve');
    return rootOf(handle.result());
  });
  expect(root).toMatchObject({ type: 'SwapRefused' });
  expect(calls.indexOf('settleSwap')).toBeLessThan(calls.indexOf('dropStaging'));
});

test('with 0 hours the previous database is dropped at once', async () => {
  const { activities, calls } = scriptedActivities();
  const approve = async (handle: WorkflowHandle) => {
    await untilWaiting(handle);
    await update(handle, 'approve');
    return resultOf(handle);
  };
  expect(await run(activities, approve, { keepPreviousMinutes: 0 })).toMatchObject({ previous: null });
  expect(calls).toContain('dropPrevious');
});

const approved = async (handle: WorkflowHandle) => {
  expect(await untilWaiting(handle)).toMatchObject({ inPlace: true });
  await update(handle, 'approve');
};

test('a restore in place drops the target only once it is approved, and only then loads', async () => {
  const { activities, calls } = scriptedActivities();
  const act = async (handle: WorkflowHandle) => {
    await untilWaiting(handle);
    for (const name of ['dropTarget', 'loadBackup']) expect(calls).not.toContain(name);
    await approved(handle);
    return resultOf(handle);
  };
  const result = await run(activities, act, { inPlace: true });
  expect(result).toMatchObject({ inPlace: true, previous: null, endedSessions: 5 });
  const steps = calls.filter((name) => name !== 'sendAlert');
  expect(steps.slice(2, 13)).toEqual([
    ...['inspectTarget', 'createStagingDatabase', 'gatherInPlaceEvidence', 'leaseBackup'],
    ...['recheckArtifact', 'dropTarget'],
    ...['loadBackup', 'proveStaging', 'sealStagingDatabase', 'gatherEvidence', 'swapDatabases'],
  ]);
  expect(calls).not.toContain('dropStaging');
});

test('a restore in place that is rejected drops nothing but its staging database', async () => {
  const { activities, calls } = scriptedActivities();
  const act = async (handle: WorkflowHandle) => {
    await untilWaiting(handle);
    await update(handle, 'reject');
    return rootOf(handle.result());
  };
  expect(await run(activities, act, { inPlace: true })).toMatchObject({ type: 'RestoreRejected' });
  expect(calls).toContain('dropStaging');
  expect(calls).not.toContain('dropTarget');
});

test('in place, a drop that fails leaves the target and ends the restore; one that was done goes on', async () => {
  const failing = { dropTarget: () => Promise.reject(failure('DatabaseInUse')) };
  const kept = scriptedActivities(failing);
  const act = async (handle: WorkflowHandle) => {
    await approved(handle);
    return rootOf(handle.result());
  };
  expect(await run(kept.activities, act, { inPlace: true })).toMatchObject({ type: 'DatabaseInUse' });
  expect(kept.calls).toContain('dropStaging');
  expect(kept.calls).not.toContain('loadBackup');

  const done = scriptedActivities({ ...failing, settleDrop: async () => 'dropped' as const });
  const go = async (handle: WorkflowHandle) => {
    await approved(handle);
    return resultOf(handle);
  };
  expect(await run(done.activities, go, { inPlace: true })).toMatchObject({ inPlace: true });
});

test('in place, a load that fails says that the target is gone and how to go on', async () => {
  const { activities, calls } = scriptedActivities({
    loadBackup: () => Promise.reject(failure('LoadFailed')),
  });
  const act = async (handle: WorkflowHandle) => {
    await approved(handle);
    return rootOf(handle.result());
  };
  expect(await run(activities, act, { inPlace: true })).toMatchObject({
    type: 'LoadFailed',
    message: expect.stringContaining('the database was dropped before'),
  });
  expect(calls).toContain('dropStaging');
});

test('in place, what was loaded whole is kept although it could not be proven, and told by name', async () => {
  const { activities, calls } = scriptedActivities({
    gatherEvidence: () => Promise.reject(failure('RestoreUnproven')),
  });
  const act = async (handle: WorkflowHandle) => {
    await approved(handle);
    return rootOf(handle.result());
  };
  expect(await run(activities, act, { inPlace: true })).toMatchObject({
    type: 'RestoreUnproven',
    details: [expect.objectContaining({ remedy: expect.stringContaining('shop__staging_') })],
  });
  expect(calls).not.toContain('dropStaging');
});

test('in place of a target that does not exist is a restore like any other', async () => {
  const good = scriptedActivities().activities;
  const { activities, calls } = scriptedActivities({
    inspectTarget: async (step) => ({ ...(await good.inspectTarget(step)), oid: null }),
    gatherEvidence: async (step) => ({
      ...(await good.gatherEvidence(step)),
      target: { name: 'shop', oid: null, acceptsConnections: true },
    }),
  });
  expect(await run(activities, resultOf, { inPlace: true })).toMatchObject({ inPlace: false });
  expect(calls).not.toContain('dropTarget');
});
