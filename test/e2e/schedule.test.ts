import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.js';
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
  check?: { schedule: string; outcome: string; told: string; workflow_id: string };
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
    workflow_id: expect.stringMatching(/^scheduled\/default\/monitor-/),
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
  const spec = { calendars: [{ hour: 2 }], intervals: [{ every: '1d' }] } as const;
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
