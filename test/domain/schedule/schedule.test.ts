import { Cron } from 'croner';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockChanges } from '../../../src/domain/schedule/clock-changes.js';
import { scheduleId } from '../../../src/domain/schedule/contracts.js';
import { cronFields, isDueAt } from '../../../src/domain/schedule/cron.js';
import { dueTimes } from '../../../src/domain/schedule/due-times.js';
import {
  type PresentSchedule,
  planSchedules,
  type WantedSchedule,
} from '../../../src/domain/schedule/plan.js';
import { type ScheduleShape, shapeOf } from '../../../src/domain/schedule/shape.js';
import { dueTimesOf, specOf } from '../../../src/temporal/schedules/spec.js';

const minute = 60_000;
const now = Date.UTC(2026, 10, 22);

/** A field of a cron expression: each form that there is. */
function field(least: number, most: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: most });
  const part = fc.oneof(
    ...[value.map(String), range, fc.tuple(range, step).map(([of, by]) => `${of}/${by}`)],
    step.map((by) => `*/${by}`),
  );
  return fc.oneof(
    fc.constant('*'),
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join()),
  );
}

const expression = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
  .map((fields) => fields.join(' '));

test('an expression is due when cron would have it so', () => {
  fc.assert(
    fc.property(expression, fc.integer({ min: 0, max: 400 * 24 * 60 }), (cron, minutes) => {
      const at = now + minutes * minute;
      const expected = new Cron(cron, { mode: '5-part', paused: true, timezone: 'UTC' }).match(new Date(at));
      expect(isDueAt(cronFields(cron), at), `${cron} at ${new Date(at).toISOString()}`).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('names stand for numbers, Sunday is 0 and 7, and nicknames are what they stand for', () => {
  expect(cronFields('0 2 * JAN-MAR,dec sun')).toEqual(cronFields('0 2 * 1-3,12 7'));
  expect(cronFields('@weekly')).toEqual(cronFields('0 0 * * 0'));
  expect(cronFields('0 0 * * 5-7').dayOfWeek).toEqual([0, 5, 6]);
});

test('what Temporal is told of due times, it tells again', () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Santiago');
  fc.assert(
    fc.property(expression, zones, (cron, timeZone) => {
      const times = dueTimes({ cron, timeZone }, now);
      const { calendars = [], skip = [], timezone = '' } = specOf(times, 0);
      const told = { calendars: calendars.map(described), skip: skip.map(described), timezone };
      expect(dueTimesOf(told as never)).toEqual(times);
    }),
    { numRuns: 100 },
  );
});

/** Temporal tells the steps, and an empty list of years. */
function described(calendar: object) {
  const fields = Object.entries({ year: [], ...calendar });
  return Object.fromEntries(
    fields.map(([name, ranges]) => [name, (ranges as object[]).map((range) => ({ step: 1, ...range }))]),
  );
}

test('clock changes of a year are found to the minute', () => {
  const changes = clockChanges('Europe/Berlin', Date.UTC(2027, 0), Date.UTC(2028, 0));
  const wall = (ms: number) => new Date(ms).toISOString().slice(0, 16);
  expect(changes.map(({ kind, fromWallMs, toWallMs }) => [kind, wall(fromWallMs), wall(toWallMs)])).toEqual([
    ['left out', '2027-03-28T02:00', '2027-03-28T03:00'],
    ['twice', '2027-10-31T02:00', '2027-10-31T03:00'],
  ]);
  expect(clockChanges('UTC', Date.UTC(2027, 0), Date.UTC(2028, 0))).toEqual([]);
});

function shape(id: string, cron = '0 2 * * *'): ScheduleShape {
  const operation = {
    ...{ type: 'backUpCluster', workflowId: 'back-up-cluster/a', summary: 's' },
    input: { cluster: 'a', hostQueue: 'q', requester: id, stallTimeoutSeconds: 60, parallel: 2 },
  };
  const input = {
    schedule: id,
    kind: 'full',
    cluster: 'a',
    due: { cron, timeZone: 'UTC' },
    operation,
  } as const;
  return shapeOf({ input, jitterSeconds: 900, catchUpSeconds: 3600 }, now);
}

const owners = fc.constantFrom('me', 'other', null);
const crons = fc.constantFrom('0 2 * * *', '30 2 * * *');
const ids = fc.constantFrom('a', 'b', 'c', 'd').map((name) => scheduleId(name, 'full'));
const wantedOf = fc
  .record({ id: ids, cron: crons, onlyIfThere: fc.boolean() })
  .map(({ id, cron, onlyIfThere }): WantedSchedule => ({ id, onlyIfThere, shape: shape(id, cron) }));
const presentOf = fc
  .record({ id: ids, cron: crons, owner: owners, paused: fc.boolean() })
  .map(({ id, cron, ...rest }): PresentSchedule => ({ id, ...rest, note: 'n', shape: shape(id, cron) }));
const unique = <T extends { id: string }>(each: fc.Arbitrary<T>) =>
  fc.uniqueArray(each, { selector: ({ id }) => id });

/** What is there after the steps. */
function after(present: PresentSchedule[], steps: ReturnType<typeof planSchedules>): PresentSchedule[] {
  const there = new Map(present.map((each) => [each.id, each]));
  for (const step of steps) {
    const { id } = step;
    if (step.what === 'remove') there.delete(id);
    if (step.what === 'create' || step.what === 'take over')
      there.set(id, { id, owner: 'me', paused: false, note: '', shape: step.shape });
    const is = there.get(id);
    if (step.what === 'change' && is) there.set(id, { ...is, shape: step.shape });
  }
  return [...there.values()];
}

test('a plan leads to what is wanted, a second one does nothing, and what others made is never touched', () => {
  fc.assert(
    fc.property(unique(wantedOf), unique(presentOf), fc.boolean(), (wanted, present, takeOver) => {
      const steps = planSchedules(wanted, present, 'me', takeOver);
      const acted = steps.filter(({ what }) => !['keep', 'foreign'].includes(what));
      for (const { id, what } of acted) {
        const before = present.find((each) => each.id === id);
        expect([undefined, 'me', ...(what === 'take over' ? ['other', null] : [])]).toContain(before?.owner);
      }
      const there = after(present, steps);
      const again = planSchedules(wanted, there, 'me', takeOver).map(({ what }) => what);
      expect(again.filter((what) => what !== 'keep' && what !== 'foreign')).toEqual([]);
      const mine = there.filter(({ owner }) => owner === 'me');
      for (const { id, shape: is } of mine) expect(is).toEqual(wanted.find((each) => each.id === id)?.shape);
    }),
  );
});

test('differences are told in words: what, from what, to what', () => {
  const id = scheduleId('a', 'full');
  const is = { id, owner: 'me', paused: true, note: '', shape: shape(id) };
  const wanted = { id, onlyIfThere: false, shape: { ...shape(id, '30 2 * * *'), jitterSeconds: 60 } };
  expect(planSchedules([wanted], [is], 'me')).toMatchObject([
    {
      what: 'change',
      differences: [
        { what: 'cron', from: '0 2 * * *', to: '30 2 * * *' },
        { what: 'jitter', from: '15m', to: '1m' },
      ],
    },
  ]);
  const edited = { ...is, shape: { ...is.shape, times: { ...is.shape.times, calendars: [] } } };
  const [step] = planSchedules([{ ...wanted, shape: shape(id) }], [edited], 'me');
  expect(step).toMatchObject({ what: 'change', differences: [{ what: 'times' }] });
});
