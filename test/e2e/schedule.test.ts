import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScheduleSpec } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.js';
import { patience } from '../support/patience.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';

let cluster: Cluster;
let place: ServedWorkplace;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.createDatabase('shop');
  const env = { ...cluster.env, PG_BIN_DIR: cluster.binDir, MIN_DISK_SPACE_GB: '0' };
  place = await createServedWorkplace(env);
  // Nothing of the tests' own is due while they run, and drills are another suite's.
  await settings({ full: {} });
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const never = { cron: '0 2 29 2 *', jitterSeconds: 0 };

/** Writes holdfast.yaml: WAL and drills are off unless they are given. */
function settings(schedules: Record<string, object>, others: Record<string, object> = {}): Promise<void> {
  const all = { full: never, monitor: never, drill: { enabled: false }, wal: { enabled: false } };
  const own = Object.entries(schedules).map(([kind, more]) => [kind, { ...never, ...more }]);
  const clusters = { default: { schedules: { ...all, ...Object.fromEntries(own) } }, ...others };
  return writeFile(join(place.folder, 'holdfast.yaml'), JSON.stringify({ clusters }));
}

interface Applied {
  steps: { what: string; id: string; differences?: { what: string; from: string; to: string }[] }[];
  check?: { schedule: string; outcome: string; told: string; workflowId: string };
}

const apply = (...options: string[]) => place.json<Applied>('schedule', 'apply', '--no-check', ...options);
const whats = ({ steps }: Applied) => steps.map(({ what, id }) => `${what} ${id}`);
const handle = (id: string) => place.temporal.client.schedule.getHandle(id);

test('schedules are made of the settings, a second time changes nothing, and a look shows that it works', async () => {
  const dry = await apply('--dry-run');
  expect(whats(dry)).toEqual(['create holdfast/default/full', 'create holdfast/default/monitor']);
  await expect(handle('holdfast/default/full').describe()).rejects.toThrow();
  const first = await place.json<Applied>('schedule', 'apply');
  expect(whats(first)).toEqual(whats(dry));
  expect(first.check).toMatchObject({
    ...{ schedule: 'holdfast/default/monitor', outcome: 'failed' },
    told: expect.stringMatching(/^\d+ critical/),
    workflowId: expect.stringMatching(/^scheduled\/default\/monitor-/),
  });
  const { info, policies } = await handle('holdfast/default/full').describe();
  expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 3_600_000, pauseOnFailure: false });
  expect(info.nextActionTimes[0]?.toISOString()).toMatch(/-02-29T02:00:00/);
  expect(whats(await apply())).toEqual(['keep holdfast/default/full', 'keep holdfast/default/monitor']);
  const told = await place.run('schedule', 'apply', '--no-check');
  expect(told).toMatchObject({ exitCode: 0, stdout: 'nothing to change: 2 schedules' });
});

test('what changed is told and done, what is over goes, and what others made stays, as does a pause', async () => {
  const { client } = place.temporal;
  const foreign = { type: 'startWorkflow', workflowType: 'x', taskQueue: 'x', args: [] } as const;
  const spec: ScheduleSpec = { calendars: [{ hour: 2 }], intervals: [{ every: '1d' }] };
  for (const scheduleId of ['holdfast/elsewhere/full', 'nightly', 'holdfast/orders/full'])
    await client.schedule.create({ scheduleId, spec, action: foreign });
  await handle('holdfast/default/full').pause('ann: disk is being replaced');
  const dryRun = (await place.run('schedule', 'apply', '--dry-run')).stdout;
  expect(dryRun).toBe('nothing to change: 2 schedules');
  const orders = { schedules: { full: never, monitor: { enabled: false } } };
  await settings({ full: { cron: '30 2 29 2 *' }, monitor: { enabled: false } }, { orders });
  const changed = await place.run('schedule', 'apply', '--no-check');
  expect(changed.exitCode, changed.stderr).toBe(2);
  expect(changed.stdout.split('\n')).toEqual([
    '~ default/full  changed',
    '    cron: 0 2 29 2 * → 30 2 29 2 *',
    expect.stringMatching(/^\+ orders\/drill {2}created: 0 4 1 \* \* UTC$/),
    '- default/monitor  removed',
    '0 unchanged',
  ]);
  expect(changed.stderr).toContain('orders/full was made of the settings of somebody else');
  const { state, info } = await handle('holdfast/default/full').describe();
  expect(state).toMatchObject({ paused: true, note: 'ann: disk is being replaced' });
  expect(info.nextActionTimes[0]?.toISOString()).toMatch(/-02-29T02:30:00/);
  await expect(handle('holdfast/default/monitor').describe()).rejects.toThrow();
  for (const id of ['holdfast/elsewhere/full', 'nightly', 'holdfast/orders/full'])
    expect((await handle(id).describe()).action.workflowType).toBe('x');

  const taken = await apply('--take-over');
  expect(whats(taken)).toContain('take over holdfast/orders/full');
  expect((await handle('holdfast/orders/full').describe()).action.workflowType).toBe('scheduledRun');
  await settings({});
  const back = await apply();
  expect(whats(back)).toEqual([
    ...['change holdfast/default/full', 'create holdfast/default/monitor'],
    ...['remove holdfast/orders/drill', 'remove holdfast/orders/full'],
  ]);
  await handle('holdfast/default/full').unpause();
});

interface Listed {
  id: string;
  paused: boolean;
  note: string;
  next: string | null;
  last: { workflowId: string; outcome: string } | null;
}

const list = () => place.json<Listed[]>('schedule', 'list');

test('a run begun by hand backs up by the workflow that a command would start, and is listed with how it ended', async () => {
  const run = await place.json<Record<string, string>>('schedule', 'trigger', 'full', '--wait');
  expect(run).toMatchObject({
    ...{ operationId: 'back-up-cluster/default', outcome: 'succeeded' },
    told: '2 of 2 databases backed up',
  });
  const { backups } = await place.json<{ backups: { database: string }[] }>('list');
  expect(backups.map(({ database }) => database).sort()).toEqual(['postgres', 'shop']);
  const { runId } = await place.temporal.client.workflow.getHandle('back-up-cluster/default').describe();
  const [full] = await list();
  expect(full).toMatchObject({
    ...{ id: 'holdfast/default/full', paused: false, next: expect.stringMatching(/-02-29T02:00:00/) },
    last: { workflowId: expect.stringMatching(/^scheduled\/default\/full-/), outcome: 'succeeded' },
  });
  const history = await place.temporal.client.workflow.getHandle(full?.last?.workflowId ?? '').fetchHistory();
  const child = history.events?.find((event) => event.childWorkflowExecutionCompletedEventAttributes);
  expect(child?.childWorkflowExecutionCompletedEventAttributes?.workflowExecution?.runId).toBe(runId);
});

test('work that goes on already is skipped and not failed; a run that goes on is not begun twice', async () => {
  const { client } = place.temporal;
  const options = { workflowId: 'monitor/default', taskQueue: 'nobody', args: [{}] };
  const running = await client.workflow.start('monitorBackups', options);
  const skipped = await place.run('--json', 'schedule', 'trigger', 'default/monitor', '--wait');
  expect(skipped.exitCode).toBe(7);
  const told = JSON.parse(skipped.stdout) as { outcome: string; workflowId: string };
  expect(told).toMatchObject({ outcome: 'skipped', told: 'it ran already' });
  expect((await client.workflow.getHandle(told.workflowId).describe()).status.name).toBe('COMPLETED');
  await running.terminate();

  // A run that nobody works for goes on, and what is due meanwhile is left out.
  await handle('holdfast/default/full').update((is) => ({
    ...is,
    action: { ...is.action, taskQueue: 'nobody' },
  }));
  await place.json('schedule', 'trigger', 'full');
  const second = await place.run('schedule', 'trigger', 'full');
  expect(second).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('scheduled/default/full-') });
  await handle('holdfast/default/full').trigger('SKIP');
  const info = async () => (await handle('holdfast/default/full').describe()).info;
  await expect.poll(async () => (await info()).numActionsSkippedOverlap).toBe(1);
  const { runningActions } = await info();
  expect(runningActions).toHaveLength(1);
  await client.workflow.getHandle(runningActions[0]?.workflow.workflowId ?? '').terminate();
  expect(whats(await apply())).toContain('change holdfast/default/full');
});

test('work that fails fails its run, and the cause is told', async () => {
  await place.temporal.client.schedule.getHandle('holdfast/default/full').update((is) => {
    const [input] = is.action.args as [{ operation: { input: object } }];
    const operation = { ...input.operation, input: { ...input.operation.input, place: 'elsewhere' } };
    return { ...is, action: { ...is.action, args: [{ ...input, operation }] } };
  });
  const failed = await place.run('schedule', 'trigger', 'full', '--wait');
  expect(failed.exitCode, failed.stderr).toBe(2);
  expect((await list())[0]?.last?.outcome).toBe('failed');
  const dry = await apply('--dry-run');
  const change = { what: 'operation.input.place', from: 'elsewhere', to: 'none' };
  expect(dry.steps[0]?.differences).toEqual([change]);
  await apply();
});

test('work that is ended from outside fails its run, which tells of it in its place', async () => {
  const { client } = place.temporal;
  await handle('holdfast/default/monitor').update((is) => {
    const [input] = is.action.args as [{ operation: { input: object } }];
    const operation = { ...input.operation, input: { ...input.operation.input, hostQueue: 'nobody' } };
    return { ...is, action: { ...is.action, args: [{ ...input, operation }] } };
  });
  const { workflowId: id } = await place.json<{ workflowId: string }>('schedule', 'trigger', 'monitor');
  const work = client.workflow.getHandle('monitor/default');
  const status = async () => (await work.describe()).status.name;
  await expect.poll(status).toBe('RUNNING');
  await work.terminate();
  await expect(client.workflow.getHandle(id).result()).rejects.toThrow();
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const steps = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
  expect(steps).toContain('sendAlert');
  await apply();
});

test('schedules are paused with who and why, resumed, run for the past, and removed', async () => {
  const paused = await place.run('schedule', 'pause', 'full', '--reason', 'moving');
  expect(paused).toMatchObject({ exitCode: 0, stdout: 'default/full  paused' });
  expect((await list())[0]).toMatchObject({
    paused: true,
    note: expect.stringMatching(/@.*: moving$/),
    next: null,
  });
  expect(whats(await apply())).toContain('keep holdfast/default/full');
  const again = await place.json<object[]>('schedule', 'pause', '--all');
  expect(again).toEqual([
    { id: 'holdfast/default/full', changed: false },
    { id: 'holdfast/default/monitor', changed: true },
  ]);
  await place.json('schedule', 'resume', '--all');
  expect((await list()).map((each) => each.paused)).toEqual([false, false]);

  const looks = async () => (await handle('holdfast/default/monitor').describe()).info.recentActions.length;
  const before = await looks();
  const span = ['--from', '2020-01-01T00:00Z', '--to', '2024-12-31 00:00+01:00'];
  expect(await place.json('schedule', 'backfill', 'monitor', ...span)).toMatchObject({ due: 2, runs: 1 });
  await expect.poll(looks).toBe(before + 1);
  const wrong = await place.run(
    'schedule',
    'backfill',
    'monitor',
    '--from',
    '2020-01-01 00:00',
    '--to',
    'now',
  );
  expect(wrong).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('no time with its UTC offset'),
  });
  const none = ['--from', '2021-01-01T00:00Z', '--to', '2021-02-01T00:00Z'];
  expect((await place.run('schedule', 'backfill', 'full', ...none)).stderr).toContain('it was never due');

  expect((await place.run('schedule', 'remove', 'wal')).stderr).toContain('there is none');
  expect((await place.run('schedule', 'pause', 'elsewhere/full')).stderr).toContain('somebody else');
  expect((await place.run('schedule', 'pause', 'nightly')).stderr).toContain('none of CLUSTER/KIND');
  expect((await place.run('schedule', 'pause')).stderr).toContain('none was named');
  await place.json('schedule', 'remove', '--all');
  expect((await place.run('schedule', 'list')).stdout).toContain('nothing is scheduled');
  expect((await handle('nightly').describe()).action.workflowType).toBe('x');
});

test('the starts of a fleet are spread over the jitter', async () => {
  const only = { monitor: { enabled: false }, drill: { enabled: false }, full: { timeZone: 'UTC' } };
  const fleet = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`c${index}`, { schedules: only }]),
  );
  await settings({ full: { enabled: false }, monitor: { enabled: false } }, fleet);
  await apply();
  const listed = async () => {
    const all = await list();
    return all.length === 30 && all;
  };
  // Temporal lists what is new a little later.
  const starts = (await vi.waitUntil(listed, patience)).map(({ next }) => Date.parse(next ?? ''));
  const seconds = starts.map((ms) => (ms % (24 * 60 * 60 * 1000)) / 1000 - 2 * 60 * 60).sort((a, b) => a - b);
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...seconds)).toBeLessThan(900);
  expect(new Set(seconds).size).toBeGreaterThan(20);
  // A quarter of them in each quarter of the window would be eight: each has some.
  for (const quarter of [0, 1, 2, 3])
    expect(seconds.filter((each) => Math.floor(each / 225) === quarter).length).toBeGreaterThan(0);
  expect(whats(await apply()).filter((what) => !what.startsWith('keep '))).toEqual([]);
  await place.json('schedule', 'remove', '--all');
});

test('without a Temporal server that lasts, schedules are refused with what to do', async () => {
  const env = { TEMPORAL_ADDRESS: '' };
  const { exitCode, stderr } = await place.start(['schedule', 'apply'], env);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('→ run `holdfast up` on this machine, or set TEMPORAL_ADDRESS');
});
