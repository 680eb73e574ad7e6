import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { positionOf } from '../../../src/domain/wal/base-backup.js';
import {
  type ArchivedTimeline,
  type BaseRetentionPlan,
  type BaseRetentionQuestion,
  planBaseRetention,
  type RetainedBase,
} from '../../../src/domain/wal/base-retention.js';
import type { TimelineHistory } from '../../../src/domain/wal/timeline-history.js';
import { formatLsn, lsnOf } from '../../../src/domain/wal/wal-position.js';

const now = new Date('2025-03-31T12:00:00Z');
const dayMs = 24 * 60 * 60 * 1000;
const showLsn = (bytes: bigint) => formatLsn(lsnOf(bytes));
/** Of timeline `to` that left timeline 1 at a position. */
const leftAt = (position: string, to: number): TimelineHistory => [
  { timeline: 1, begin: lsnOf(0n), end: positionOf(position) },
  { timeline: to, begin: positionOf(position), end: null },
];
const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs).toISOString();

/** A base backup `ageDays` old; the cluster writes 256 bytes a day. */
function base(ageDays: number, more: Partial<RetainedBase> = {}): RetainedBase {
  const at = BigInt(1000 - ageDays) * 256n;
  const [startLsn, stopLsn] = [showLsn(at), showLsn(at + 16n)];
  const [stoppedAt, verifiedAt] = [daysAgo(ageDays), daysAgo(ageDays)];
  return { id: `base-${ageDays}`, timeline: 1, startLsn, stopLsn, stoppedAt, verifiedAt, ...more };
}

function plan(bases: RetainedBase[], more: Partial<BaseRetentionQuestion> = {}): BaseRetentionPlan {
  const timelines = [{ timeline: 1, lastArchivedAt: daysAgo(0) }];
  return planBaseRetention({ bases, timelines, now, walRetentionDays: 7, ...more });
}

const expired = (...given: Parameters<typeof plan>) => plan(...given).expire.map(({ id }) => id);

describe('retention of base backups and WAL', () => {
  test('the newest base backup before the window stays, since the window begins after it, with its WAL', () => {
    expect(plan([1, 6, 8, 9].map((age) => base(age)))).toEqual({
      keep: [
        { id: 'base-1', because: 'within the window of 7 days' },
        { id: 'base-6', because: 'within the window of 7 days' },
        { id: 'base-8', because: 'the window of 7 days begins after it on timeline 1' },
      ],
      expire: [{ id: 'base-9', because: 'a newer base backup reaches the whole window' }],
      wal: [{ timeline: 1, fromLsn: base(8).startLsn }],
    });
  });

  test('the last base backup stays, however old, and without any no segment goes', () => {
    expect(expired([base(400)])).toEqual([]);
    expect(plan([]).wal).toBe('all');
  });

  test('one that was never verified is nothing to rely on', () => {
    expect(expired([base(8, { verifiedAt: null }), base(30), base(31)])).toEqual(['base-8', 'base-31']);
  });

  test('C2: one dated in the future, or not at all, stays, and lets no other go', () => {
    const odd = [base(-400), base(50, { id: 'soon', stoppedAt: 'soon' })];
    expect(expired([...odd, base(30), base(31)])).toEqual(['base-31']);
  });

  test('X2: what something reads stays, with its WAL', () => {
    const kept = plan([base(8), base(30), base(31)], {
      readers: new Map([['base-31', 'a recovery reads it']]),
    });
    expect(kept.expire.map(({ id }) => id)).toEqual(['base-30']);
    expect(kept.keep).toContainEqual({ id: 'base-31', because: 'a recovery reads it' });
    expect(kept.wal).toEqual([{ timeline: 1, fromLsn: base(31).startLsn }]);
  });

  test('G10: a base backup made after its timeline was left does not stand in for the one before', () => {
    const [before, after] = [base(20), base(9)];
    const history = leftAt(base(15).startLsn, 2);
    const two = { timeline: 2, history, lastArchivedAt: daysAgo(0) };
    const one = { timeline: 1, lastArchivedAt: daysAgo(8) };
    const both = plan([before, after, base(10), base(30)], { timelines: [one, two] });
    // The copies of 9 and 10 days ago were of the server that stayed behind on timeline 1.
    expect(both.expire.map(({ id }) => id)).toEqual(['base-10', 'base-30']);
    expect(both.wal).toEqual([
      { timeline: 1, fromLsn: before.startLsn },
      { timeline: 2, fromLsn: base(15).startLsn },
    ]);
  });

  test('WAL of a timeline that no kept base backup leads to is not needed', () => {
    const history = leftAt(base(50).startLsn, 2);
    const old = { timeline: 2, history, lastArchivedAt: daysAgo(40) };
    const newer = { timeline: 3, history: leftAt(base(20).startLsn, 3) };
    const { wal } = plan([base(9, { timeline: 3 })], { timelines: [{ timeline: 1 }, old, newer] });
    expect(wal).toEqual([{ timeline: 3, fromLsn: base(9).startLsn }]);
  });

  test('a timeline whose .history is missing keeps what may lead to it, and all its WAL', () => {
    const timelines = [{ timeline: 1, lastArchivedAt: daysAgo(30) }, { timeline: 2 }];
    const lost = plan([base(5, { timeline: 2 }), base(29), base(35)], { timelines });
    expect(lost.expire).toEqual([]);
    expect(lost.wal).toEqual([
      { timeline: 2, fromLsn: '0/0' },
      { timeline: 1, fromLsn: base(35).startLsn },
    ]);
    expect(expired([base(8, { timeline: 2 }), base(29)], { timelines })).toEqual(['base-29']);
  });

  test.each([0, -1, Number.NaN])('a window of %d days is refused', (walRetentionDays) => {
    expect(() => plan([], { walRetentionDays })).toThrow(
      expect.objectContaining({ type: 'ConfigurationInvalid' }),
    );
  });
});

/** A commit that somebody may want to go back to. */
interface Point {
  timeline: number;
  lsn: bigint;
  time: number;
}

/** A history of a cluster, told step by step: it writes, is copied, and now and then goes on from an earlier point. */
class World {
  readonly points: Point[] = [];
  readonly bases: RetainedBase[] = [];
  readonly parents = new Map<number, { timeline: number; lsn: bigint }>();
  readonly lastWritten = new Map<number, number>();
  #now: Point = { timeline: 1, lsn: 0x100n, time: Date.parse('2025-01-01T00:00:00Z') };

  step({ what, hours, choice, odd }: Step): void {
    this.#now = { ...this.#now, time: this.#now.time + hours * 3600_000 };
    if (what === 'copy') this.#copy(odd);
    const from = this.points[choice % Math.max(1, this.points.length)];
    if (what === 'go back' && from) this.#goBack(from);
    this.#commit();
  }

  get timelines(): ArchivedTimeline[] {
    return [...this.lastWritten].map(([timeline, time]) => ({
      timeline,
      history: this.#historyOf(timeline),
      lastArchivedAt: new Date(time).toISOString(),
    }));
  }

  get time(): number {
    return this.#now.time;
  }

  /** The timelines that lead to this one, oldest first, each up to where it was left. */
  pathOf(timeline: number): { timeline: number; end: bigint }[] {
    const parent = this.parents.get(timeline);
    const own = { timeline, end: 1n << 60n };
    if (!parent) return [own];
    const before = this.pathOf(parent.timeline);
    return [...before.slice(0, -1), { timeline: parent.timeline, end: parent.lsn }, own];
  }

  #historyOf(timeline: number): TimelineHistory {
    const path = this.pathOf(timeline);
    return path.map(({ timeline, end }, at) => ({
      timeline,
      begin: lsnOf(path[at - 1]?.end ?? 0n),
      end: at === path.length - 1 ? null : lsnOf(end),
    }));
  }

  #commit(): void {
    this.#now = { ...this.#now, lsn: this.#now.lsn + 0x10n };
    this.points.push(this.#now);
    this.lastWritten.set(this.#now.timeline, this.#now.time);
  }

  #copy(odd: Step['odd']): void {
    const { timeline, lsn, time } = this.#now;
    const [startLsn, stopLsn] = [showLsn(lsn), showLsn(lsn + 8n)];
    const stoppedAt = new Date(odd === 'future' ? time + 900 * dayMs : time).toISOString();
    const verifiedAt = odd === 'unverified' ? null : stoppedAt;
    this.bases.push({ id: `b${this.bases.length}`, timeline, startLsn, stopLsn, stoppedAt, verifiedAt });
  }

  #goBack(to: Point): void {
    const timeline = Math.max(...this.lastWritten.keys()) + 1;
    this.parents.set(timeline, { timeline: to.timeline, lsn: to.lsn });
    this.#now = { timeline, lsn: to.lsn, time: this.#now.time };
  }
}

interface Step {
  what: 'write' | 'copy' | 'go back';
  hours: number;
  choice: number;
  odd: 'future' | 'unverified' | undefined;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('write', 'write', 'copy', 'copy', 'go back'),
  hours: fc.integer({ min: 0, max: 60 }),
  choice: fc.nat(100),
  odd: fc.constantFrom(undefined, undefined, undefined, 'future', 'unverified'),
});

/** Simulates recovery: some base backup lies on the way to the point, and every byte of WAL from there is there. */
function isRecoverable(
  world: World,
  point: Point,
  bases: RetainedBase[],
  wal: BaseRetentionPlan['wal'],
): boolean {
  const path = world.pathOf(point.timeline);
  const has = (timeline: number, from: bigint) =>
    wal === 'all' || wal.some((held) => held.timeline === timeline && positionOf(held.fromLsn) <= from);
  return bases.some((base) => {
    const at = path.findIndex(({ timeline }) => timeline === base.timeline);
    const [start, stop] = [positionOf(base.startLsn), positionOf(base.stopLsn)];
    const step = path[at];
    if (!step || base.verifiedAt === null || stop > step.end || stop > point.lsn) return false;
    const rest = path.slice(at);
    return rest.every(({ timeline }, on) => {
      const from = on === 0 ? start : (rest[on - 1]?.end ?? 0n);
      return from >= point.lsn || has(timeline, from);
    });
  });
}

const anyCase = fc.record({
  steps: fc.array(anyStep, { minLength: 1, maxLength: 40 }),
  walRetentionDays: fc.integer({ min: 1, max: 30 }),
  /** Timelines whose `.history` was lost, or of which the archive's dates are. */
  lostHistory: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 2 }),
  datesKnown: fc.boolean(),
});

function forAnyWorld(
  property: (world: World, question: BaseRetentionQuestion, answer: BaseRetentionPlan) => void,
): void {
  fc.assert(
    fc.property(anyCase, ({ steps, walRetentionDays, lostHistory, datesKnown }) => {
      const world = new World();
      for (const step of steps) world.step(step);
      const timelines = world.timelines.map(({ timeline, history, lastArchivedAt }) => ({
        timeline,
        ...(!lostHistory.includes(timeline) && { history }),
        ...(datesKnown && { lastArchivedAt }),
      }));
      const question = { bases: world.bases, timelines, now: new Date(world.time), walRetentionDays };
      property(world, question, planBaseRetention(question));
    }),
    { numRuns: 2000 },
  );
}

const keptOf = ({ bases }: BaseRetentionQuestion, { keep }: BaseRetentionPlan) =>
  bases.filter(({ id }) => keep.some((decision) => decision.id === id));

describe('whatever the cluster went through', () => {
  test('every point of the window that was recoverable before the plan still is', () => {
    let points = 0;
    forAnyWorld((world, question, answer) => {
      const start = question.now.getTime() - question.walRetentionDays * dayMs;
      const kept = keptOf(question, answer);
      for (const point of world.points.filter(({ time }) => time >= start)) {
        if (!isRecoverable(world, point, world.bases, 'all')) continue;
        points += 1;
        expect(isRecoverable(world, point, kept, answer.wal), JSON.stringify(answer)).toBe(true);
      }
    });
    // Or the property would say nothing.
    expect(points).toBeGreaterThan(1000);
  });

  test('what is kept can be recovered from: its own WAL stays', () => {
    forAnyWorld((_world, question, answer) => {
      for (const { timeline, startLsn } of keptOf(question, answer)) {
        const held = answer.wal === 'all' ? [] : answer.wal.filter((wal) => wal.timeline === timeline);
        expect(held.some(({ fromLsn }) => positionOf(fromLsn) <= positionOf(startLsn))).toBe(true);
      }
    });
  });

  test('the last verified base backup that is not of the future stays', () => {
    forAnyWorld((_world, question, answer) => {
      const isUsable = ({ verifiedAt, stoppedAt }: RetainedBase) =>
        verifiedAt !== null && Date.parse(stoppedAt) <= question.now.getTime();
      expect(keptOf(question, answer).some(isUsable)).toBe(question.bases.some(isUsable));
    });
  });

  test('C2: base backups of the future change nothing for the others', () => {
    forAnyWorld((_world, question, { expire }) => {
      const past = question.bases.filter(({ stoppedAt }) => Date.parse(stoppedAt) <= question.now.getTime());
      expect(planBaseRetention({ ...question, bases: past }).expire).toEqual(expire);
    });
  });

  test('a second plan over what the first kept expires nothing and needs the same WAL', () => {
    forAnyWorld((_world, question, answer) => {
      const again = planBaseRetention({ ...question, bases: keptOf(question, answer) });
      expect(again.expire).toEqual([]);
      expect(again.wal).toEqual(answer.wal);
    });
  });
});
