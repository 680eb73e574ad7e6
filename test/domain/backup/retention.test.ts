import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastToGo, planRetention, type RetainedBackup } from '../../../src/domain/backup/retention.js';

const now = new Date('2025-03-31T12:00:00Z');
const dayMs = 24 * 60 * 60 * 1000;

/** A backup `ageDays` old: `shop-40`, verified unless said otherwise. */
function backup(ageDays: number, verified = true, database = 'shop'): RetainedBackup {
  const takenAt = new Date(now.getTime() - ageDays * dayMs).toISOString();
  return {
    id: `${database}-${ageDays}`,
    cluster: 'default',
    database,
    takenAt,
    verifiedAt: verified ? takenAt : null,
  };
}

function expired(backups: RetainedBackup[], keepLast = 0, retentionDays = 30): string[] {
  return planRetention({ backups, now, retentionDays, keepLast }).expire.map(({ id }) => id);
}

describe('retention', () => {
  test('expires what is older than the limit, and says why each stays or goes', () => {
    const plan = planRetention({
      backups: [1, 30, 31, 60].map((age) => backup(age)),
      now,
      retentionDays: 30,
      keepLast: 0,
    });
    expect(plan).toEqual({
      keep: [
        { id: 'shop-1', because: '1 day old, kept for 30 days' },
        { id: 'shop-30', because: '30 days old, kept for 30 days' },
      ],
      expire: [
        { id: 'shop-31', because: 'older than 30 days' },
        { id: 'shop-60', because: 'older than 30 days' },
      ],
    });
  });

  test('X2: what something reads stays, and says so; the reason of its age or rank comes first', () => {
    const backups = [1, 40, 41].map((age) => backup(age));
    const readers = new Map([1, 40, 41].map((age) => [`shop-${age}`, 'a restore reads it']));
    const plan = planRetention({ backups, now, retentionDays: 30, keepLast: 2, readers });
    expect(plan.expire).toEqual([]);
    expect(plan.keep.map(({ because }) => because)).toEqual([
      '1 day old, kept for 30 days',
      'among the 2 newest of the database',
      'a restore reads it',
    ]);
  });

  test('what is kept by hand stays, says so before all else, and takes no place among the newest', () => {
    const backups = [1, 40, 41, 42].map((age) => backup(age));
    const kept = new Map([1, 40].map((age) => [`shop-${age}`, 'kept by ann']));
    const plan = planRetention({ backups, now, retentionDays: 30, keepLast: 1, kept });
    expect(plan.expire.map(({ id }) => id)).toEqual(['shop-42']);
    expect(plan.keep).toEqual([
      { id: 'shop-1', because: 'kept by ann' },
      { id: 'shop-40', because: 'kept by ann' },
      { id: 'shop-41', because: 'among the 1 newest of the database' },
    ]);
  });

  test('C4: when every backup is old, the newest verified one stays', () => {
    expect(expired([backup(40), backup(41), backup(39, false)])).toEqual(['shop-39', 'shop-41']);
  });

  test('where none is verified, the newest stays', () => {
    expect(expired([backup(41, false), backup(40, false)])).toEqual(['shop-41']);
  });

  test('the last so many stay, whatever their age', () => {
    expect(
      expired(
        [40, 41, 42, 43].map((age) => backup(age)),
        3,
      ),
    ).toEqual(['shop-43']);
  });

  test('databases do not count for each other, nor clusters', () => {
    const other = { ...backup(50), id: 'other-cluster', cluster: 'other' };
    expect(expired([backup(1), backup(40), backup(45, true, 'erp'), other])).toEqual(['shop-40']);
  });

  test('C2: a backup dated in the future stays, and neither counts as newest nor makes others expire', () => {
    expect(expired([backup(-500), backup(-1), backup(40), backup(41)])).toEqual(['shop-41']);
    expect(expired([backup(-500), backup(40), backup(41), backup(42)], 2)).toEqual(['shop-42']);
  });

  test('the last to go is the newest verified, else the newest, of the future only where there are no others', () => {
    const last = (...backups: RetainedBackup[]) => lastToGo(backups, now)?.id;
    expect(last(backup(-1), backup(2, false), backup(3), backup(4))).toBe('shop-3');
    expect(last(backup(2, false), backup(3, false))).toBe('shop-2');
    expect(last(backup(-2), backup(-1))).toBe('shop--2');
    expect(last()).toBeUndefined();
  });

  test('a backup whose date cannot be read stays', () => {
    expect(expired([{ ...backup(99), takenAt: 'soon' }, backup(1)])).toEqual([]);
  });

  test.each([
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
    [30, -1],
    [30, 1.5],
  ])('%d days and %d to keep are refused', (retentionDays, keepLast) => {
    const plan = () => planRetention({ backups: [], now, retentionDays, keepLast });
    expect(plan).toThrow(expect.objectContaining({ type: 'ConfigurationInvalid' }));
  });
});

const anyBackup = fc.record({
  id: fc.uuid(),
  cluster: fc.constantFrom('default', 'other'),
  database: fc.constantFrom('shop', 'erp'),
  takenAt: fc
    .integer({ min: -90, max: 90 })
    .map((age) => new Date(now.getTime() - age * dayMs).toISOString()),
  verifiedAt: fc.constantFrom(null, '2025-01-01T00:00:00Z'),
});
const anyQuestion = fc
  .record({
    backups: fc.uniqueArray(anyBackup, { selector: ({ id }) => id, maxLength: 30 }),
    now: fc.constant(now),
    retentionDays: fc.integer({ min: 1, max: 60 }),
    keepLast: fc.integer({ min: 0, max: 5 }),
  })
  .chain((question) =>
    fc.subarray(question.backups).map((byHand) => ({
      ...question,
      kept: new Map(byHand.map(({ id }) => [id, 'kept by ann'])),
    })),
  );

const keyOf = ({ cluster, database }: RetainedBackup) => `${cluster}/${database}`;

describe('whatever the backups', () => {
  const ids = (plan: ReturnType<typeof planRetention>) => plan.expire.map(({ id }) => id).sort();
  const holds = (property: (question: Parameters<typeof planRetention>[0], kept: Set<string>) => void) =>
    fc.assert(
      fc.property(anyQuestion, (question) => {
        property(question, new Set(planRetention(question).keep.map(({ id }) => id)));
      }),
      { numRuns: 500 },
    );
  const groups = (backups: readonly RetainedBackup[]) =>
    [...new Set(backups.map(keyOf))].map((key) =>
      backups
        .filter((one) => keyOf(one) === key)
        .filter(({ takenAt }) => Date.parse(takenAt) <= now.getTime())
        .toSorted((a, b) => b.takenAt.localeCompare(a.takenAt)),
    );

  test('each is either kept or expired', () => {
    holds((question) => {
      const { keep, expire } = planRetention(question);
      const ids = [...keep, ...expire].map(({ id }) => id).sort();
      expect(ids).toEqual(question.backups.map(({ id }) => id).sort());
    });
  });

  test('a newest verified backup of every database that has one stays', () => {
    holds(({ backups }, kept) => {
      for (const group of groups(backups)) {
        const newest = group.find(({ verifiedAt }) => verifiedAt !== null);
        const asNew = group.filter((one) => one.verifiedAt !== null && one.takenAt === newest?.takenAt);
        if (newest) expect(asNew.some(({ id }) => kept.has(id))).toBe(true);
      }
    });
  });

  test('what is the last to go stays', () => {
    holds(({ backups }, kept) => {
      for (const group of groups(backups))
        if (group.length > 0) expect(kept).toContain(lastToGo(group, now)?.id);
    });
  });

  test('no database that had a backup is left without one', () => {
    holds(({ backups }, kept) => {
      for (const group of groups(backups)) {
        if (group.length > 0) expect(group.some(({ id }) => kept.has(id))).toBe(true);
      }
    });
  });

  test('nothing as young as the limit, nor of the future, expires', () => {
    holds(({ backups, retentionDays }, kept) => {
      for (const { id, takenAt } of backups) {
        if (now.getTime() - Date.parse(takenAt) <= retentionDays * dayMs) expect(kept).toContain(id);
      }
    });
  });

  test('what is kept by hand stays, and the last so many of each database besides', () => {
    holds(({ backups, keepLast, kept: byHand = new Map() }, kept) => {
      for (const id of byHand.keys()) expect(kept).toContain(id);
      for (const group of groups(backups)) {
        const others = group.filter(({ id }) => !byHand.has(id));
        const stay = others.filter(({ id }) => kept.has(id));
        expect(stay.length).toBeGreaterThanOrEqual(Math.min(keepLast, others.length));
      }
    });
  });

  test('what is kept by hand saves no other, but by being the newest verified one itself', () => {
    holds((question, kept) => {
      const { kept: byHand = new Map(), ...rest } = question;
      const without = planRetention({ ...rest, backups: rest.backups.filter(({ id }) => !byHand.has(id)) });
      const alone = new Set(without.keep.map(({ id }) => id));
      const others = [...kept].filter((id) => !byHand.has(id));
      expect(others.filter((id) => !alone.has(id))).toEqual([]);
    });
  });

  test('a second plan over what the first kept expires nothing', () => {
    holds((question, kept) => {
      const rest = { ...question, backups: question.backups.filter(({ id }) => kept.has(id)) };
      expect(planRetention(rest).expire).toEqual([]);
    });
  });

  test('C2: removing the backups of the future changes nothing for the others', () => {
    holds((question) => {
      const past = question.backups.filter(({ takenAt }) => Date.parse(takenAt) <= now.getTime());
      expect(ids(planRetention({ ...question, backups: past }))).toEqual(ids(planRetention(question)));
    });
  });

  test('the order in which they come does not matter', () => {
    holds((question) => {
      const turned = { ...question, backups: question.backups.toReversed() };
      expect(ids(planRetention(turned))).toEqual(ids(planRetention(question)));
    });
  });
});
