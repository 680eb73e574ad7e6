import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { RecoveryInput, RecoveryResult } from '../../src/domain/recovery-contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { baseBackup, failure, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

async function run(activities: Activities, more: Partial<RecoveryInput> = {}): Promise<RecoveryResult> {
  return withWorker(environment, activities, async (queue) => {
    const input: RecoveryInput = {
      ...{ cluster: 'default', hostQueue: queue, requester: 'ann@here', reason: 'dropped' },
      ...{ target: { kind: 'immediate' }, action: 'promote', timeline: 'latest' },
      ...{ dataDir: '/srv/pg/then', stallTimeoutSeconds: 60 },
      ...more,
    };
    const start = { workflowId: randomUUID(), taskQueue: queue, args: [input] };
    const handle = await environment.client.workflow.start('pointInTimeRecovery', start);
    return (await handle.result()) as RecoveryResult;
  });
}

test('steps run in order, and each is timed', async () => {
  const { activities, calls } = scriptedActivities();
  const result = await run(activities);
  expect(result).toMatchObject({ base: baseBackup.id, target: 'the end of the base backup', timeline: 2 });
  expect(result.steps.map(({ step }) => step)).toEqual(['resolve', 'extract', 'recover', 'prove']);
  expect(calls).toEqual([
    ...['resolveRecovery', 'extractBaseBackup', 'recoverCluster', 'proveRecovered', 'releaseBase'],
  ]);
});

test.each([
  ['resolveRecovery', 'DataDirectoryRefused', false],
  ['extractBaseBackup', 'VerificationFailed', false],
  ['recoverCluster', 'RecoveryTargetNotReached', true],
  ['proveRecovered', 'ConnectionLost', true],
] as const)(
  'when %s fails the base backup is let go, and only what was unpacked goes',
  async (name, type, stops) => {
    const released: { unrecovered?: string }[] = [];
    const { activities } = scriptedActivities({
      [name]: () => Promise.reject(failure(type)),
      releaseBase: async (step) => void released.push(step),
    });
    await expect(run(activities)).rejects.toThrow();
    expect(released.map(({ unrecovered }) => unrecovered)).toEqual([stops ? '/srv/pg/then' : undefined]);
  },
);
