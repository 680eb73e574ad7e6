import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRereads, type RereadEntry } from '../../../src/domain/health/plan-rereads.js';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const start = Date.parse('2026-01-01T00:00:00.000Z');

interface Simulated extends RereadEntry {
  /** When a bit of it flipped; null: never. */
  flippedAtMs: number | null;
}

interface Month {
  withinDays: number;
  everyHours: number;
  /** Sizes of what is there at the beginning; whether it was ever read. */
  first: { sizeBytes: number; wasRead: boolean }[];
  /** Sizes of one backup a day, which retention removes after so many days. */
  daily: number[];
  retentionDays: number;
  /** Which backup, and in which hour, loses a bit. */
  flips: { pick: number; hour: number }[];
}

/** Lives through a month; gives how long each flip went unnoticed, and the most that a run read. */
function live(month: Month) {
  const { withinDays, everyHours, retentionDays } = month;
  let entries: Simulated[] = month.first.map(({ sizeBytes, wasRead }, index) => ({
    ...{ id: `first-${index}`, sizeBytes, takenAtMs: start - index * dayMs, seenAtMs: start },
    ...{ readAtMs: wasRead ? start : null, flippedAtMs: null },
  }));
  let [credit, lastRun]: [number, number | null] = [0, null];
  const unnoticedDays: number[] = [];
  let mostOfShare = 0;
  for (let hour = 0; hour < 31 * 24; hour++) {
    const now = start + hour * hourMs;
    const size = hour % 24 === 2 ? month.daily[Math.floor(hour / 24)] : undefined;
    if (size !== undefined) {
      const taken = { takenAtMs: now, seenAtMs: now, readAtMs: now, flippedAtMs: null };
      entries.push({ id: `daily-${hour}`, sizeBytes: size, ...taken });
      entries = entries.filter(({ takenAtMs }) => now - takenAtMs <= retentionDays * dayMs);
    }
    for (const flip of month.flips.filter((each) => each.hour === hour)) {
      const hit = entries[flip.pick % Math.max(1, entries.length)];
      if (hit) hit.flippedAtMs ??= now;
    }
    if (hour % everyHours !== 0) continue;
    const plan = planRereads({
      ...{ entries, now: new Date(now), lastRunAtMs: lastRun, creditBytes: credit, withinDays },
    });
    [credit, lastRun] = [plan.creditBytes, now];
    const total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const largest = entries.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0);
    mostOfShare = Math.max(mostOfShare, (plan.bytes - largest) / ((total * 1.25) / withinDays || 1));
    for (const entry of entries) {
      const unnoticed = entry.flippedAtMs === null ? 0 : (now - entry.flippedAtMs) / dayMs;
      if (plan.ids.includes(entry.id)) Object.assign(entry, { readAtMs: now, flippedAtMs: null });
      unnoticedDays.push(unnoticed);
    }
  }
  return { longestDays: unnoticedDays.reduce((a, b) => Math.max(a, b), 0), mostOfShare };
}

const months = fc.record({
  withinDays: fc.integer({ min: 2, max: 14 }),
  everyHours: fc.constantFrom(1, 3, 6),
  first: fc.array(fc.record({ sizeBytes: fc.integer({ min: 1, max: 1e6 }), wasRead: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  }),
  daily: fc.array(fc.integer({ min: 0, max: 1e7 }), { maxLength: 31 }),
  retentionDays: fc.integer({ min: 1, max: 60 }),
  flips: fc.array(fc.record({ pick: fc.nat(100), hour: fc.integer({ min: 0, max: 16 * 24 }) }), {
    minLength: 1,
    maxLength: 10,
  }),
});

test('in a month, every flipped bit is found within the days that are set, at a bounded cost a run', () => {
  fc.assert(
    fc.property(months, (month) => {
      const { longestDays, mostOfShare } = live(month);
      expect(longestDays).toBeLessThanOrEqual(month.withinDays);
      expect(mostOfShare).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

const entry = (id: string, news: Partial<RereadEntry> = {}): RereadEntry => ({
  ...{ id, sizeBytes: 100, readAtMs: start, seenAtMs: start, takenAtMs: start },
  ...news,
});
const ask = (entries: RereadEntry[], afterDays: number, lastRunAtMs: number | null = start) =>
  planRereads({
    entries,
    now: new Date(start + afterDays * dayMs),
    lastRunAtMs,
    creditBytes: 0,
    withinDays: 10,
  });

test('reading is spread: a day’s share in a day', () => {
  const entries = Array.from({ length: 100 }, (_, index) => entry(`b${index}`));
  expect(ask(entries, 1).bytes).toBeGreaterThan(1000);
  expect(ask(entries, 1).bytes).toBeLessThan(1500);
  expect(ask(entries, 1 / 96).ids).toHaveLength(1);
});

test('those never read come in the order of their age, the newest first', () => {
  const never = [1, 3, 2].map((day) =>
    entry(`day${day}`, { readAtMs: null, takenAtMs: start - day * dayMs }),
  );
  expect(ask(never, 9.5).ids).toEqual(['day1', 'day2', 'day3'].slice(0, ask(never, 9.5).ids.length));
});

test('after a long pause what is overdue is told, and caught up with a share at a time', () => {
  const entries = Array.from({ length: 100 }, (_, index) => entry(`b${index}`));
  const plan = ask(entries, 60);
  expect(plan.overdue).toBe(100);
  expect(plan.ids.length).toBeLessThan(20);
});

test('nothing is read of an empty catalogue, and nothing in no time', () => {
  expect(ask([], 5)).toMatchObject({ ids: [], bytes: 0, overdue: 0 });
  expect(ask([entry('a')], 0, null).ids).toEqual([]);
});
