import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo, Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { StreamSight, WalStreamInput, WalStreamResult } from '../../src/domain/wal/stream-contracts.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';
import { failure, scriptedActivities, withWorker } from './support.js';

let temporal: TemporalServer;
let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  // Time can't be skipped while an activity runs, and here one always does.
  temporal = await startTemporal();
  environment = await TestWorkflowEnvironment.createFromExistingServer({ address: temporal.address });
});

afterAll(async () => {
  await environment.teardown();
  await temporal[Symbol.asyncDispose]();
});

/** Streams until it is cancelled, as the real one does. */
const untilCancelled = async () => {
  const { cancellationSignal, heartbeat } = Context.current();
  while (!cancellationSignal.aborted) {
    heartbeat();
    await delay(50);
  }
  await Context.current().cancelled;
};

const seen = (flushedLsn: string | null): StreamSight => ({
  ...{ kind: 'seen', serverLsn: '0/2000', flushedLsn, isActive: true },
  limits: { lagBytes: 0x100, lagMs: 100_000 },
});

interface Played {
  alerts: Alert[];
  calls: string[];
  result: WalStreamResult;
}

/** Plays a stream until `isEnough`, then cancels it. */
async function play(
  scripted: Partial<Activities>,
  isEnough: (calls: string[], alerts: Alert[]) => boolean,
): Promise<Played & { runs: number }> {
  const alerts: Alert[] = [];
  const runs = new Set<string>();
  const { activities, calls } = scriptedActivities({
    streamWal: untilCancelled,
    sendAlert: async (alert) => void alerts.push(alert),
    ...scripted,
    prepareStream: async (step) => {
      runs.add(activityInfo().workflowExecution?.runId ?? '');
      return (scripted.prepareStream ?? scriptedActivities().activities.prepareStream)(step);
    },
  });
  return withWorker(environment, activities, async (queue) => {
    const input: WalStreamInput = {
      ...{
        cluster: randomUUID(),
        hostQueue: queue,
        requester: 'ann@here',
        stallTimeoutSeconds: 1,
        looksPerRun: 3,
      },
    };
    const start = { workflowId: `wal-stream/${input.cluster}`, taskQueue: queue, args: [input] };
    await environment.client.workflow.start('walStream', start);
    const handle = environment.client.workflow.getHandle(start.workflowId);
    while (!isEnough(calls, alerts)) {
      await delay(100);
      const { status } = await handle.describe();
      if (status.name === 'FAILED') await handle.result();
    }
    await handle.cancel().catch((error) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
    const result = (await handle.result()) as WalStreamResult;
    return { alerts, calls, result, runs: runs.size };
  });
}

const times = (calls: string[], name: string) => calls.filter((call) => call === name).length;

test('a stream that is cancelled ends well, and tells how far it came', async () => {
  const { result, alerts } = await play({ lookAtStream: async () => seen('0/2000') }, (calls) =>
    calls.includes('lookAtStream'),
  );
  expect(result).toMatchObject({ slot: 'holdfast_default_here', flushedLsn: '0/2000' });
  expect(alerts).toEqual([]);
});

test('it goes on as a new run before its history grows too long, and stays the same stream', async () => {
  const { runs, result, calls } = await play(
    { lookAtStream: async () => seen('0/2000') },
    (all) => times(all, 'streamWal') > 1,
  );
  expect(runs).toBe(2);
  expect(times(calls, 'streamWal')).toBe(2);
  expect(times(calls, 'lookAtStream')).toBeGreaterThanOrEqual(3);
  expect(Date.now() - Date.parse(result.since)).toBeGreaterThan(3_000);
});

test('one that is cancelled while it pauses for a new run ends, too', async () => {
  let isCancelled = false;
  const { runs, result } = await play(
    {
      lookAtStream: async () => seen('0/2000'),
      streamWal: async () => {
        await untilCancelled().catch(() => undefined);
        const { workflowId = '' } = activityInfo().workflowExecution ?? {};
        await environment.client.workflow.getHandle(workflowId).cancel();
        isCancelled = true;
        await Context.current().cancelled;
      },
    },
    () => isCancelled,
  );
  expect(result).toMatchObject({ slot: 'holdfast_default_here' });
  expect(runs).toBe(1);
});

test('one that falls behind is told once, and once more when it is well again', async () => {
  let looks = 0;
  const { alerts } = await play(
    { lookAtStream: async () => seen(++looks < 5 ? '0/1800' : '0/2000') },
    (_, told) => told.length > 1,
  );
  expect(alerts).toMatchObject([
    { type: 'wal_stream', priority: 'high', message: expect.stringContaining('2.0 kB and') },
    { type: 'wal_stream', priority: 'info', ends: 'high', message: 'streaming is well again' },
  ]);
});

test('alerts that are not delivered yet end nothing, however many there are', async () => {
  let looks = 0;
  const told = new Set<string>();
  const { calls } = await play(
    {
      lookAtStream: async () => seen(++looks % 2 === 0 ? '0/1800' : '0/2000'),
      sendAlert: async ({ id }) => {
        told.add(id);
        throw failure('AlertNotDelivered', false);
      },
    },
    () => told.size > 2,
  );
  expect(times(calls, 'prepareStream')).toBeLessThanOrEqual(times(calls, 'lookAtStream') / 3 + 1);
});

test('a lost slot is told, made anew, and a WAL cycle takes a base backup', async () => {
  let streams = 0;
  const forced: boolean[] = [];
  const { alerts, calls } = await play(
    {
      streamWal: async () => {
        if (++streams === 1) throw failure('SlotLost');
        await untilCancelled();
      },
      lookAtStream: async () => seen('0/2000'),
      planBase: async (step) => {
        forced.push(step.forced);
        return null;
      },
    },
    () => forced.length > 0,
  );
  expect(alerts[0]).toMatchObject({ type: 'wal_stream', priority: 'critical' });
  expect(forced).toEqual([true]);
  expect(times(calls, 'prepareStream')).toBe(2);
});

test('what keeps it from beginning ends it, and is told', async () => {
  const alerts: Alert[] = [];
  const played = play(
    {
      prepareStream: () => Promise.reject(failure('AuthenticationFailed')),
      sendAlert: async (alert) => void alerts.push(alert),
    },
    () => false,
  );
  await expect(played).rejects.toThrow();
  expect(alerts).toMatchObject([{ type: 'wal_stream', priority: 'critical' }]);
});

test('one that has run is begun anew for ever, and its failure told once', async () => {
  let streams = 0;
  const { alerts, calls } = await play(
    {
      lookAtStream: async () => seen('0/2000'),
      streamWal: async () => {
        if (++streams > 1 && streams < 5) throw failure('NotEnoughSpace');
        if (streams > 1) return untilCancelled();
        await delay(2_500);
        throw failure('NotEnoughSpace');
      },
    },
    (_, told) => told.length > 1,
  );
  expect(alerts).toMatchObject([
    { priority: 'critical', message: expect.stringContaining('scripted NotEnoughSpace') },
    { priority: 'info' },
  ]);
  expect(times(calls, 'streamWal')).toBe(5);
});
