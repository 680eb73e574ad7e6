import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CalendarSpec, ScheduleSpec } from '@temporalio/client';
import { msNumberToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { patienceWithCommands } from '../support/patience.js';
import { patience, patiently } from './support/scene.js';
import { openStage, type Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Applies schedules, of which none is due meanwhile. */
async function apply(place: Workplace, schedules: object, databases: object = {}) {
  const off = { enabled: false };
  const all = { full: off, wal: off, monitor: off, drill: off, ...schedules };
  const settings = { clusters: { default: { schedules: all, databases } } };
  await writeFile(join(place.folder, 'holdfast.yaml'), JSON.stringify(settings));
  return place.run('schedule', 'apply', '--no-check', '--take-over');
}

const second = 1000;
const everySecond: CalendarSpec = { second: '*', minute: '*', hour: '*' };

test(
  'C1: Temporal down over many due times: one catch-up run, and none where the outage is longer than the window',
  patience,
  async () => {
    await using scene = await stage.open();
    await scene.startWorker();
    const own = { shop: { schedules: { full: { cron: '0 2 29 2 *' } } } };
    const applied = await apply(scene.place, { monitor: { cron: '0 2 29 2 *' } }, own);
    const { schedule } = scene.temporal.client;
    const full = schedule.getHandle('holdfast/default/full/shop');
    const monitor = schedule.getHandle('holdfast/default/monitor');
    // Both are told before anything is due, however long the machine takes for it.
    const asked = Date.now();
    for (const each of [full, monitor]) await each.update((is) => is);
    const begin = Date.now() + 3 * second + 10 * (Date.now() - asked);
    const due = (lengthMs: number): ScheduleSpec => ({
      ...{ calendars: [everySecond], startAt: new Date(begin) },
      endAt: new Date(begin + lengthMs),
    });
    await full.update((is) => ({ ...is, spec: due(14 * second) }));
    const policies = { catchupWindow: '10s' } as const;
    await monitor.update((is) => ({ ...is, spec: due(2 * second), policies }));
    // An update counts from when it is worked off: done by the next server, what was due before would be none of its.
    const firstDue = async () => {
      const [a, b] = await Promise.all([full.describe(), monitor.describe()]);
      return Math.max(...[a, b].map(({ info }) => info.nextActionTimes[0]?.getTime() ?? Infinity));
    };
    await expect.poll(firstDue, patiently).toBeLessThan(begin + 2 * second);
    await scene.temporal.kill9();
    await delay(begin + 15 * second - Date.now());
    await scene.temporal.restart();
    const taken = async () => (await full.describe()).info.numActionsTaken;
    await expect.poll(taken, patiently).toBeGreaterThan(0);
    const newBackups = async () => (await scene.place.json<{ backups: object[] }>('list')).backups.length - 1;
    await expect.poll(newBackups, patienceWithCommands).toBe(1);

    const running = async () => (await full.describe()).info.runningActions;
    await expect.poll(running, patiently).toEqual([]);
    // All that was due is over: what comes now would be one too many.
    await delay(3 * second);
    const { info } = await full.describe();
    expect(info.numActionsTaken).toBe(1);
    expect(info.numActionsSkippedOverlap).toBeGreaterThan(5);
    expect(info.runningActions).toEqual([]);
    expect((await monitor.describe()).info).toMatchObject({ numActionsTaken: 0, recentActions: [] });
    expect(await newBackups()).toBe(1);
    await scene.invariants.hold(applied, 'success');
  },
);

test.for([
  ['Europe/Berlin', '30 2 * * *', '2027-03-28', '2027-10-31'],
  ['Europe/Berlin', '0 2 * * *', '2027-03-28', '2027-10-31'],
  // Temporal's own calendars run it twice in autumn.
  ['America/New_York', '30 1 * * *', '2027-03-14', '2027-11-07'],
  ['America/New_York', '30 2 * * *', '2027-03-14', '2027-11-07'],
  ['Australia/Lord_Howe', '45 1 * * *', '2027-10-03', '2027-04-04'],
] as const)(
  'C3: in %s what is due at %s runs once on the day on which clocks go forward, and on that on which they go back',
  patience,
  async ([timeZone, cron, forward, back]) => {
    await using place = await createWorkplace(stage.temporal.env);
    const exactly = { timeZone, jitterSeconds: 0 };
    const schedules = { full: { ...exactly, cron }, monitor: { ...exactly, cron: '5 * * * *' } };
    const applied = await apply(place, schedules);
    expect(applied.exitCode, applied.stderr).toBe(0);
    for (const day of [forward, back]) {
      const noon = Date.parse(`${day}T12:00Z`);
      const around = await matching('holdfast/default/full', noon - 60 * hour, noon + 60 * hour);
      const days = around.map((time) => new Date(time).toLocaleDateString('sv-SE', { timeZone }));
      expect(new Set(days).size, days.join()).toBe(days.length);
      expect(days).toContain(day);
      const gaps = around.slice(1).map((time, index) => (time - (around[index] ?? 0)) / hour);
      for (const gap of gaps) expect(Math.abs(gap - 24), gaps.join()).toBeLessThan(2);
      const hours = await matching('holdfast/default/monitor', noon - 24 * hour, noon + 24 * hour);
      expect(hours.slice(1).every((time, index) => time - (hours[index] ?? 0) === hour)).toBe(true);
      expect(hours.length).toBe(48);
    }
  },
);

const hour = 60 * 60 * second;

/** When Temporal says that a schedule is due, in milliseconds. */
async function matching(scheduleId: string, from: number, to: number): Promise<number[]> {
  const { client, namespace } = stage.temporal;
  const [startTime, endTime] = [msNumberToTs(from), msNumberToTs(to)];
  const asked = { namespace, scheduleId, startTime, endTime };
  const found = await client.workflowService.listScheduleMatchingTimes(asked);
  return found.startTime.map(tsToMs);
}
