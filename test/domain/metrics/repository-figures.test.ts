import { expect, test } from 'vitest';
import type { HealthFacts } from '../../../src/domain/health/facts.js';
import { type GaugeName, gauges } from '../../../src/domain/metrics/catalogue.js';
import { repositoryFigures, settingFigures } from '../../../src/domain/metrics/repository-figures.js';
import { goodDatabase, goodFacts } from '../health/support.js';

const gb = 1024 ** 3;
const now = new Date('2026-01-10T12:00:05.000Z');

/** The only series of a name, of the cluster or of its database; undefined where it is left out. */
function figure(facts: HealthFacts, name: GaugeName, database?: string): number | undefined {
  const found = repositoryFigures(facts, now).filter(
    (each) => each.name === name && each.labels.database === database,
  );
  expect(found.length).toBeLessThan(2);
  return found[0]?.value;
}

test('ages and sizes are in seconds and bytes, and an age is that of now', () => {
  expect(figure(goodFacts, 'holdfast_backup_age_seconds', 'shop')).toBe(10 * 3600 + 5);
  expect(figure(goodFacts, 'holdfast_backup_last_success_timestamp_seconds', 'shop')).toBe(
    Date.parse('2026-01-10T02:00:00.000Z') / 1000,
  );
  expect(figure(goodFacts, 'holdfast_backup_usual_size_bytes', 'shop')).toBe(1000);
  expect(figure(goodFacts, 'holdfast_repository_used_ratio')).toBe(0.5);
  expect(figure(goodFacts, 'holdfast_recoverable_to_timestamp_seconds')).toBe(
    Date.parse('2026-01-10T11:30:00.000Z') / 1000,
  );
});

test.each([
  // A day's 10 GB, 30 days, a fifth more, 60 GB of them there: 300 GB.
  [400 * gb, 300 * gb, undefined],
  [299 * gb, 300 * gb, 29.9 * 86_400],
])('with %i bytes free, of %i that retention needs, it is full in %s seconds', (freeBytes, needed, full) => {
  const disk = { freeBytes, totalBytes: 1000 * gb, catalogueBytes: 60 * gb, dailyBytes: 10 * gb };
  expect(figure({ ...goodFacts, disk }, 'holdfast_repository_needed_bytes')).toBe(needed);
  const found = figure({ ...goodFacts, disk }, 'holdfast_repository_full_seconds');
  if (full === undefined) expect(found).toBeUndefined();
  else expect(found).toBeCloseTo(full, 3);
});

test('a database without a whole backup has no age, rather than an old one', () => {
  const none = { ...goodDatabase, newest: null, total: 1, recent: 0, flawCount: 1, earlierSizesBytes: [] };
  const facts = { ...goodFacts, databases: [none] };
  expect(figure(facts, 'holdfast_backup_age_seconds', 'shop')).toBeUndefined();
  expect(figure(facts, 'holdfast_backup_last_success_timestamp_seconds', 'shop')).toBeUndefined();
  expect(figure(facts, 'holdfast_backup_count', 'shop')).toBe(1);
  expect(figure(facts, 'holdfast_corrupted_backups', 'shop')).toBe(1);
});

test('a database that was dropped is not expected, one that only the server has is nobody’s', () => {
  const dropped = { ...goodDatabase, database: 'old', onServer: false, configured: false };
  const stranger = { ...goodDatabase, database: 'new', configured: false, newest: null, total: 0 };
  const facts = { ...goodFacts, databases: [goodDatabase, dropped, stranger] };
  expect(figure(facts, 'holdfast_backup_expected', 'shop')).toBe(1);
  expect(figure(facts, 'holdfast_backup_expected', 'old')).toBe(0);
  expect(figure(facts, 'holdfast_backup_expected', 'new')).toBeUndefined();
});

test('of a repository that is not there nothing is told but that', () => {
  const repository = { ...goodFacts.repository, state: 'absent' as const };
  const names = repositoryFigures({ ...goodFacts, repository }, now).map(({ name, value }) => [name, value]);
  expect(names).toEqual([
    ['holdfast_scan_timestamp_seconds', Date.parse(goodFacts.observedAt) / 1000],
    ['holdfast_repository_present', 0],
  ]);
});

test('an archive that can’t be looked at is told as that, without gaps that nobody counted', () => {
  const wal = goodFacts.wal && { ...goodFacts.wal, unknownBecause: 'permission denied' };
  expect(figure({ ...goodFacts, wal }, 'holdfast_wal_readable')).toBe(0);
  expect(figure({ ...goodFacts, wal }, 'holdfast_wal_gaps')).toBeUndefined();
  expect(figure({ ...goodFacts, wal: null }, 'holdfast_wal_readable')).toBeUndefined();
});

test('every figure has the labels of the catalogue', () => {
  const all = [...repositoryFigures(goodFacts, now), ...settingFigures('default', goodFacts.settings)];
  for (const { name, labels } of all)
    expect(gauges[name].labels, name).toEqual(expect.arrayContaining(Object.keys(labels)));
});
