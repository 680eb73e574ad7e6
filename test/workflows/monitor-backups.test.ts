import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { Alert } from '../../src/domain/alert.js';
import type { MonitorInput, MonitorResult } from '../../src/domain/health/contracts.js';
import type { HealthFacts } from '../../src/domain/health/facts.js';
import { goodDatabase, goodFacts } from '../domain/health/support.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { failure, scriptedActivities, withWorker } from './support.js';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

async function run(activities: Activities, more: Partial<MonitorInput> = {}): Promise<MonitorResult> {
  return withWorker(environment, activities, async (queue) => {
    const input: MonitorInput = {
      ...{ cluster: 'default', hostQueue: queue, requester: 'ann@here', stallTimeoutSeconds: 60 },
      ...more,
    };
    const start = { workflowId: randomUUID(), taskQueue: queue, args: [input] };
    return (
      await environment.client.workflow.start('monitorBackups', start)
    ).result() as Promise<MonitorResult>;
  });
}

const damaged: HealthFacts = { ...goodFacts, databases: [{ ...goodDatabase, flawCount: 1 }] };

test('a look gathers, tells, re-reads, and delivers', async () => {
  const { activities, calls } = scriptedActivities();
  const result = await run(activities);
  expect(calls).toEqual(['gatherHealth', 'tellHealth', 'rereadBackups', 'deliverAlerts']);
  expect(result).toMatchObject({
    ...{ cluster: 'default', counts: { ok: 9, critical: 0 }, findingCount: 9, warnings: [] },
    ...{ reread: { backups: 1, bytes: 1000 }, observedAt: goodFacts.observedAt },
  });
});

test('what a re-reading finds is told in the same run, and the dead man’s switch is not pinged', async () => {
  const looks = [goodFacts, damaged];
  const good: boolean[] = [];
  const { activities, calls } = scriptedActivities({
    gatherHealth: async () => looks.shift() ?? damaged,
    rereadBackups: async () => ({ backups: 1, bytes: 1000, damaged: 1, changed: 1 }),
    deliverAlerts: async ({ isGood }) => {
      good.push(isGood);
      return { delivered: 1, waiting: 0, problems: [] };
    },
  });
  expect(await run(activities)).toMatchObject({ counts: { critical: 1 }, delivery: { delivered: 1 } });
  expect(calls.filter((name) => name === 'tellHealth')).toHaveLength(2);
  expect(good).toEqual([false]);
});

test('databases come in pages, each small enough for a message however bad it is', async () => {
  const names = Array.from({ length: 120 }, (_, index) => `database_${String(index).padStart(54, '0')}`);
  const sizes: number[] = [];
  const why = 'its SHA-256 is another than its metadata says'.repeat(7);
  const flaws = Array.from({ length: 2 }, () => ({ file: 'x'.repeat(79), why: why.slice(0, 150) }));
  const page = (after: string | null) => {
    const from = after === null ? 0 : names.indexOf(after) + 1;
    const databases = names
      .slice(from, from + 50)
      .map((database) => ({ ...goodDatabase, database, flaws, flawCount: 9 }));
    const next = from + 50 < names.length ? (names[from + 49] ?? null) : null;
    return { ...goodFacts, databases, isFirstPage: after === null, next };
  };
  const { activities } = scriptedActivities({
    gatherHealth: async ({ after }) => {
      const facts = page(after);
      sizes.push(JSON.stringify(facts).length);
      return facts;
    },
    tellHealth: async (input) => {
      sizes.push(JSON.stringify(input).length);
      return 0;
    },
  });
  const result = await run(activities);
  expect(result.counts.critical).toBe(120);
  expect(result.findingCount).toBe(5 + 4 * 120);
  expect(result.findings.length).toBeLessThan(result.findingCount);
  expect(result.findings.every(({ state }) => state === 'critical')).toBe(true);
  for (const size of [...sizes, JSON.stringify(result).length]) expect(size).toBeLessThan(64 * 1024);
});

test('a look that must answer soon reads nothing again', async () => {
  const { activities, calls } = scriptedActivities();
  await run(activities, { withoutReread: true });
  expect(calls).toEqual(['gatherHealth', 'tellHealth', 'deliverAlerts']);
});

test('a re-reading that fails is a warning; what was found stands, and alerts are delivered', async () => {
  const { activities, calls } = scriptedActivities({
    rereadBackups: () => Promise.reject(failure('ToolMissing')),
  });
  const { warnings, counts } = await run(activities);
  expect(warnings).toEqual([expect.stringContaining('could not be re-read')]);
  expect(counts.critical).toBe(0);
  expect(calls.at(-1)).toBe('deliverAlerts');
});

test('a look that can’t be taken is told by an alert of its own', async () => {
  const alerts: Alert[] = [];
  const { activities } = scriptedActivities({
    gatherHealth: () => Promise.reject(failure('ConfigurationInvalid')),
    sendAlert: async (alert) => void alerts.push(alert),
  });
  await expect(run(activities)).rejects.toThrow();
  expect(alerts).toMatchObject([{ type: 'backup_health', priority: 'critical', id: expect.any(String) }]);
});
