import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { DecisionMessage } from '../../src/domain/approval/contracts.js';
import { defaultPolicy } from '../../src/domain/approval/policy.js';
import type { RecoveryInput, RecoveryResult } from '../../src/domain/recovery/contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import {
  baseBackup,
  evidence,
  failure,
  recoveryPlan,
  scriptedActivities,
  untilWaiting,
  withWorker,
} from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

const decision: DecisionMessage = { approver: 'ann@here', reason: 'seen', evidence };

function run(activities: Activities): Promise<RecoveryResult> {
  return deciding(activities, async (handle) => (await handle.result()) as RecoveryResult);
}

async function deciding<T>(activities: Activities, act: (handle: WorkflowHandle) => Promise<T>): Promise<T> {
  return withWorker(environment, activities, async (queue) => {
    const input: RecoveryInput = {
      ...{ cluster: 'default', hostQueue: queue, requester: 'ann@here', reason: 'dropped' },
      ...{ target: { kind: 'immediate' }, action: 'promote', timeline: 'latest' },
      ...{ dataDir: '/srv/pg/then', stallTimeoutSeconds: 60 },
    };
    const start = { workflowId: randomUUID(), taskQueue: queue, args: [input] };
    const handle = await environment.client.workflow.start('pointInTimeRecovery', start);
    return act(handle);
  });
}

test('steps run in order, each is timed, and that it is done is told', async () => {
  const alerts: Alert[] = [];
  const { activities, calls } = scriptedActivities({ sendAlert: async (alert) => void alerts.push(alert) });
  const result = await run(activities);
  expect(result).toMatchObject({ base: baseBackup.id, target: 'the end of the base backup', timeline: 2 });
  expect(result).toMatchObject({ previous: null, approval: null, control: { state: 'shut down' } });
  expect(result.steps.map(({ step }) => step)).toEqual(['resolve', 'extract', 'recover', 'prove']);
  expect(alerts).toMatchObject([{ type: 'restore_done', priority: 'info', cluster: 'default' }]);
  expect(calls).toEqual([
    ...['resolveRecovery', 'extractBaseBackup', 'recoverCluster', 'proveRecovered', 'finishRecovered'],
    ...['sendAlert', 'releaseBase'],
  ]);
});

test.each([
  ['resolveRecovery', 'DataDirectoryRefused', false],
  ['extractBaseBackup', 'VerificationFailed', true],
  ['recoverCluster', 'RecoveryTargetNotReached', true],
  ['proveRecovered', 'RestoreUnproven', true],
] as const)(
  'when %s fails the base backup is let go, and what was unpacked goes',
  async (name, type, removes) => {
    const { activities, released } = noting({ [name]: () => Promise.reject(failure(type)) });
    await expect(run(activities)).rejects.toThrow();
    expect(released).toEqual([removes ? '/srv/pg/then' : undefined]);
  },
);

/** Activities, and what was released of the folders that were unpacked. */
function noting(overrides: Partial<Activities> = {}) {
  const released: (string | undefined)[] = [];
  const releaseBase: Activities['releaseBase'] = async ({ unrecovered }) =>
    void released.push(unrecovered?.workDir);
  return { ...scriptedActivities({ ...overrides, releaseBase }), released };
}

const workDir = '/srv/pg/then.recovering_20260102_040000';
const over: Partial<Activities> = {
  resolveRecovery: async () => ({
    ...recoveryPlan,
    workDir,
    replaces: { previous: '/srv/pg/then__before_20260102_040000', policy: defaultPolicy },
  }),
};

describe('over a cluster that stands in the folder', () => {
  test('the folders are exchanged only once the cluster is proven and people agreed', async () => {
    const { activities, calls, released } = noting(over);
    const result = await deciding(activities, async (handle) => {
      const status = await untilWaiting(handle);
      expect(status).toMatchObject({
        target: '/srv/pg/then',
        step: 'await approval',
        backupId: baseBackup.id,
      });
      expect(calls).not.toContain('exchangeFolders');
      await handle.executeUpdate('approve', { args: [decision] });
      return (await handle.result()) as RecoveryResult;
    });
    expect(result).toMatchObject({
      ...{ previous: '/srv/pg/then__before_20260102_040000', server: null },
      ...{ approval: { outcome: 'approved' }, evidence: { digest: evidence } },
    });
    expect(result.steps.map(({ step }) => step)).toContain('await approval');
    expect(calls.slice(4, 7)).toEqual(['finishRecovered', 'gatherRecoveryEvidence', 'sendAlert']);
    expect(calls.filter((name) => name === 'exchangeFolders')).toHaveLength(1);
    expect(released).toEqual([undefined]);
  });

  test.each([
    ['rejected', 'RestoreRejected'],
    ['left until the deadline', 'ApprovalExpired'],
    ['cancelled', 'CancelledFailure'],
  ])('when it is %s the folder stays, and what was recovered beside it goes', async (how, type) => {
    const { activities, calls, released } = noting(over);
    await deciding(activities, async (handle) => {
      await untilWaiting(handle);
      if (how === 'rejected') await handle.signal('reject', decision);
      if (how === 'cancelled') await handle.cancel();
      const error = await handle.result().catch((reason: unknown) => reason as Error);
      expect(JSON.stringify(error.cause) + error.cause?.name).toContain(type);
    });
    expect(calls).not.toContain('exchangeFolders');
    expect(released).toEqual([workDir]);
  });

  test.each([
    ['undone', 'rejects', [workDir]],
    ['done', 'resolves', [undefined]],
  ] as const)('an exchange that failed and is %s ends as that', async (outcome, ends, left) => {
    const { activities, released } = noting({
      ...over,
      exchangeFolders: () => Promise.reject(failure('StorageFailed')),
      settleFolders: async () => outcome,
    });
    const ended = await deciding(activities, async (handle) => {
      await untilWaiting(handle);
      await handle.executeUpdate('approve', { args: [decision] });
      return handle.result().then(
        () => 'resolves',
        () => 'rejects',
      );
    });
    expect(ended).toBe(ends);
    expect(released).toEqual(left);
  });
});
