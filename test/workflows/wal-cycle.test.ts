import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import { type ArchiveReport, listed } from '../../src/domain/wal/archive-report.js';
import type { WalCycleInput, WalCycleResult } from '../../src/domain/wal/contracts.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { baseBackup, failure, scriptedActivities, wholeArchive, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

async function run(activities: Activities, more: Partial<WalCycleInput> = {}): Promise<WalCycleResult> {
  return withWorker(environment, activities, async (queue) => {
    const input: WalCycleInput = {
      ...{ cluster: 'default', hostQueue: queue, requester: 'ann@here', stallTimeoutSeconds: 60 },
      ...more,
    };
    const start = { workflowId: randomUUID(), taskQueue: queue, args: [input] };
    return (await environment.client.workflow.start('walCycle', start)).result() as Promise<WalCycleResult>;
  });
}

const gap = {
  ...{ firstMissing: '000000010000000000000002', lastMissing: '000000010000000000000002', segments: 1 },
  ...{ unrecoverableFrom: '2026-01-02T01:00:00.000Z', unrecoverableTo: null },
};
const withGap = { ...wholeArchive, gaps: listed([gap]), needsBase: true };

test('steps run in order; a base backup that is not due is not taken', async () => {
  const { activities, calls } = scriptedActivities();
  expect(await run(activities)).toMatchObject({ awaitedMs: 12, base: null, archive: wholeArchive });
  expect(calls).toEqual([
    ...['inspectArchiving', 'switchSegment', 'awaitArchived', 'verifyArchive', 'planBase'],
    ...['expireArchive', 'compressArchive', 'recordCycle', 'cleanUpBases'],
  ]);
});

test('a base backup that is due is taken, and the archive verified again for what it mends', async () => {
  const reports = [withGap, { ...withGap, needsBase: false }];
  const asked: boolean[] = [];
  const alerts: Alert[] = [];
  const { activities, calls } = scriptedActivities({
    verifyArchive: async () => reports.shift() ?? wholeArchive,
    planBase: async ({ needsBase }) => {
      asked.push(needsBase);
      return { id: baseBackup.id, because: 'WAL is missing' };
    },
    sendAlert: async (alert) => void alerts.push(alert),
  });
  expect(await run(activities)).toMatchObject({
    base: { backup: { id: baseBackup.id }, because: 'WAL is missing' },
    archive: { needsBase: false, gaps: { total: 1 } },
  });
  expect(asked).toEqual([true]);
  expect(calls.filter((name) => name === 'verifyArchive')).toHaveLength(2);
  expect(alerts).toMatchObject([
    { type: 'wal_archive', priority: 'high', message: expect.stringContaining(gap.firstMissing) },
  ]);
});

test('an archive that stays cut off, or is damaged, is told as critical', async () => {
  const alerts: Alert[] = [];
  const { activities } = scriptedActivities({
    verifyArchive: async () => withGap,
    sendAlert: async (alert) => void alerts.push(alert),
  });
  await run(activities);
  expect(alerts).toMatchObject([{ type: 'wal_archive', priority: 'critical' }]);
});

test('a gap that stands is told when it comes, again after a while, and when it is over', async () => {
  const alerts: Alert[] = [];
  const kept: Pick<WalCycleResult, 'told'> = { told: null };
  // Between two workflows the server skips years.
  const cycle = async (archive: ArchiveReport, reminderHours = 1e9) => {
    const { activities } = scriptedActivities({
      inspectArchiving: async () => ({
        ...{ systemIdentifier: '7', serverMajor: 15, timeline: 1, segmentSizeBytes: 1 << 24 },
        ...{ inRecovery: false, warnings: [], told: kept.told, reminderHours },
      }),
      verifyArchive: async () => archive,
      sendAlert: async (alert) => void alerts.push(alert),
    });
    const before = alerts.length;
    kept.told = (await run(activities)).told;
    return alerts.slice(before).map(({ priority, message, ends }) => ({ priority, message, ends }));
  };
  const other = { ...withGap, gaps: listed([{ ...gap, firstMissing: '000000010000000000000001' }, gap]) };
  expect(await cycle(withGap)).toMatchObject([{ priority: 'critical' }]);
  expect(await cycle(withGap)).toEqual([]);
  expect(await cycle(other)).toMatchObject([{ message: expect.stringContaining('2 gaps') }]);
  expect(await cycle(other)).toEqual([]);
  expect(await cycle(other, 0)).toMatchObject([{ message: expect.stringMatching(/^still, after /) }]);
  expect(await cycle(wholeArchive)).toMatchObject([
    { priority: 'info', ends: 'critical', message: expect.stringContaining('whole again') },
  ]);
  expect(await cycle(wholeArchive)).toEqual([]);
});

test('nothing is switched on a standby, nor where that was asked', async () => {
  const standby = scriptedActivities({
    inspectArchiving: async () => ({
      ...{ systemIdentifier: '7', serverMajor: 15, timeline: 1, segmentSizeBytes: 1 << 24 },
      ...{ inRecovery: true, warnings: [] },
    }),
  });
  const asked = scriptedActivities();
  expect((await run(standby.activities)).awaited).toBeNull();
  expect((await run(asked.activities, { noSwitch: true })).awaited).toBeNull();
  for (const { calls } of [standby, asked]) expect(calls).not.toContain('switchSegment');
});

test('a cycle that fails is told, and what it left is cleaned up', async () => {
  const alerts: Alert[] = [];
  const { activities, calls } = scriptedActivities({
    awaitArchived: () => Promise.reject(failure('ArchivingBehind')),
    sendAlert: async (alert) => void alerts.push(alert),
  });
  await expect(run(activities)).rejects.toThrow();
  expect(alerts).toMatchObject([{ type: 'wal_archive', priority: 'critical' }]);
  expect(calls).not.toContain('expireArchive');
  expect(calls.at(-1)).toBe('cleanUpBases');
});

test('a record that can’t be written is a warning', async () => {
  const { activities } = scriptedActivities({
    recordCycle: () => Promise.reject(failure('RepositoryNotWritable')),
  });
  const { recordPath, warnings } = await run(activities);
  expect(recordPath).toBeNull();
  expect(warnings).toEqual([expect.stringContaining('the record of this cycle could not be written')]);
});
