import { expect, test } from 'vitest';
import type { DatabaseBackups, HealthFacts, WalFacts } from '../../../src/domain/health/facts.js';
import { type CheckName, checkNames } from '../../../src/domain/health/finding.js';
import { judge } from '../../../src/domain/health/judge.js';
import { goodDatabase, goodFacts } from './support.js';

const gb = 1024 ** 3;
const disk = { freeBytes: 500 * gb, totalBytes: 1000 * gb, catalogueBytes: 0, dailyBytes: 0 };

/** What a check says of the database, or of the whole cluster. */
function stateOf(check: CheckName, facts: HealthFacts, database = '') {
  const found = judge(facts).filter((finding) => finding.check === check && finding.database === database);
  expect(found).toHaveLength(1);
  return found[0];
}

const withDatabase = (news: Partial<DatabaseBackups>) => ({
  ...goodFacts,
  databases: [{ ...goodDatabase, ...news }],
});
const withWal = (news: Partial<WalFacts>): HealthFacts => ({
  ...goodFacts,
  wal: goodFacts.wal && { ...goodFacts.wal, ...news },
});
const taken = (takenAt: string) => withDatabase({ newest: { id: 'x', takenAt, sizeBytes: 1000 } });
const sized = (sizeBytes: number, earlierSizesBytes: number[]) =>
  withDatabase({ newest: { id: 'x', takenAt: '2026-01-10T02:00:00Z', sizeBytes }, earlierSizesBytes });
const none = { newest: null, total: 0, recent: 0, earlierSizesBytes: [] };

test('all seven checks are ok of what is well, and none has anything to be done', () => {
  const findings = judge(goodFacts);
  expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(checkNames));
  expect(findings.filter(({ state, remedy }) => state !== 'ok' || remedy !== '')).toEqual([]);
});

test.each([
  ['25 h old', taken('2026-01-09T11:00:00Z'), 'ok'],
  ['a second older', taken('2026-01-09T10:59:59Z'), 'critical'],
  ['from the future by a clock’s difference', taken('2026-01-10T12:05:00Z'), 'ok'],
  ['never backed up, and named', withDatabase(none), 'critical'],
  ['never backed up, on the server alone', withDatabase({ ...none, configured: false }), 'warning'],
  ['only damaged ones', withDatabase({ newest: null, configured: false, flawCount: 5 }), 'critical'],
  ['gone from the server', withDatabase({ configured: false, onServer: false }), 'not applicable'],
  ['gone from the server, but named', withDatabase({ onServer: false }), 'ok'],
] as const)('age of a backup: %s', (_, facts, state) => {
  expect(stateOf('backup_age', facts, 'shop')).toMatchObject({ state });
});

test.each([
  ['30 % smaller', sized(700, [1000, 1000]), 'ok'],
  ['more than 30 % smaller', sized(699, [1000, 1000]), 'warning'],
  ['50 % larger', sized(1500, [1000, 1000]), 'ok'],
  ['more than 50 % larger', sized(1501, [1000, 1000]), 'warning'],
  ['held against the median, not the mean', sized(1000, [1000, 1000, 100_000]), 'ok'],
  ['with one to compare', sized(1, [1000]), 'not applicable'],
] as const)('size trend: %s', (_, facts, state) => {
  expect(stateOf('size_trend', facts, 'shop')).toMatchObject({ state });
});

test.each([
  ['one in seven days', { recent: 1 }, 'ok'],
  ['none', { recent: 0 }, 'critical'],
  ['none of a database that nobody asks for', { ...none, configured: false }, 'not applicable'],
] as const)('count: %s', (_, news, state) => {
  expect(stateOf('backup_count', withDatabase(news), 'shop')).toMatchObject({ state });
});

test('a repository without any backup is critical, also where no database is named', () => {
  const integrity = { ...goodFacts.integrity, backups: 0 };
  expect(stateOf('backup_count', { ...goodFacts, databases: [], integrity })).toMatchObject({
    state: 'critical',
  });
});

test.each([
  ['10 GB free', { ...disk, freeBytes: 10 * gb, totalBytes: 100 * gb }, 'ok'],
  ['less', { ...disk, freeBytes: 10 * gb - 1, totalBytes: 20 * gb }, 'critical'],
  ['90 % used', { ...disk, freeBytes: 100 * gb }, 'ok'],
  ['more than 90 % used', { ...disk, freeBytes: 100 * gb - 1e8 }, 'critical'],
  ['room for all that retention will keep', { ...disk, dailyBytes: 13 * gb }, 'ok'],
  ['no room for it', { ...disk, dailyBytes: 14 * gb }, 'warning'],
  [
    'room for it, with what is there already',
    { ...disk, dailyBytes: 14 * gb, catalogueBytes: 14 * gb },
    'ok',
  ],
  [
    'no room for it beside what is kept by hand',
    { ...disk, dailyBytes: 14 * gb, catalogueBytes: 14 * gb, keptBytes: 14 * gb },
    'warning',
  ],
  ['not known', null, 'not applicable'],
] as const)('free space: %s', (_, space, state) => {
  expect(stateOf('disk_space', { ...goodFacts, disk: space })).toMatchObject({ state });
});

test('damage is told with the file and why; overdue re-reading is a warning', () => {
  const flaws = [{ file: 'shop_full_20260101_020000', why: 'its SHA-256 is another' }];
  expect(stateOf('backup_integrity', withDatabase({ flaws, flawCount: 2 }), 'shop')).toMatchObject({
    state: 'critical',
    message: '2 of 5 backups damaged: shop_full_20260101_020000: its SHA-256 is another; and 1 more',
  });
  const integrity = { ...goodFacts.integrity, overdue: 1 };
  expect(stateOf('backup_integrity', { ...goodFacts, integrity })).toMatchObject({ state: 'warning' });
  const ofBase = { ...goodFacts.integrity, flaws, flawCount: 1 };
  expect(stateOf('backup_integrity', { ...goodFacts, integrity: ofBase })).toMatchObject({
    state: 'critical',
  });
});

const server = { archives: true, failing: null, waiting: 0, openBytes: 1e6 };
const old = '2026-01-10T09:59:59.000Z';
test.each([
  ['no archive', { ...goodFacts, wal: null }, 'not applicable'],
  ['fine, the server not asked', withWal({ server: null }), 'ok'],
  ['archiving turned off', withWal({ server: { ...server, archives: false } }), 'critical'],
  ['another cluster', withWal({ server: { ...server, other: { cause: '', remedy: '' } } }), 'critical'],
  ['the archiver fails', withWal({ server: { ...server, failing: { file: 'x', at: old } } }), 'critical'],
  ['a gap that cuts off', withWal({ gaps: 1, needsBase: true }), 'critical'],
  ['a gap before a base backup', withWal({ gaps: 1 }), 'warning'],
  ['a damaged segment', withWal({ flawCount: 1 }), 'critical'],
  ['no base backup', withWal({ hasBase: false }), 'warning'],
  ['not to be looked at', withWal({ unknownBecause: 'EIO' }), 'critical'],
  ['nothing in it', withWal({ newestWrittenAt: null }), 'critical'],
  ['2 h old', withWal({ newestWrittenAt: '2026-01-10T10:00:00.000Z', server: null }), 'ok'],
  ['older, the server not asked', withWal({ newestWrittenAt: old, server: null }), 'critical'],
  ['older, segments wait', withWal({ newestWrittenAt: old, server: { ...server, waiting: 1 } }), 'critical'],
  ['older, the next segment begun', withWal({ newestWrittenAt: old, server }), 'warning'],
  ['older, the server idle', withWal({ newestWrittenAt: old, server: { ...server, openBytes: 300 } }), 'ok'],
] as const)('WAL: %s', (_, facts, state) => {
  expect(stateOf('wal_archive', facts)).toMatchObject({ state });
});

test.each(['absent', 'other', 'unreadable'] as const)(
  'of a repository that is %s nothing else is known, and it is critical',
  (state) => {
    const repository = { path: '/data', state, why: 'gone', remedy: 'mount it' };
    const findings = judge({ ...goodFacts, repository });
    expect(findings[0]).toMatchObject({ check: 'repository', state: 'critical', remedy: 'mount it' });
    expect(new Set(findings.slice(1).map((finding) => finding.state))).toEqual(new Set(['not applicable']));
  },
);

test('every finding that is not well says what to do', () => {
  const bad: HealthFacts[] = [
    withDatabase(none),
    withDatabase({ flawCount: 1, recent: 0 }),
    taken('2020-01-01T00:00:00Z'),
    sized(1, [1000, 1000]),
    withWal({ gaps: 1 }),
    withWal({ newestWrittenAt: old }),
    { ...goodFacts, disk: { ...disk, freeBytes: 0 } },
  ];
  const wrong = bad.flatMap(judge).filter(({ state }) => state === 'critical' || state === 'warning');
  expect(wrong.length).toBeGreaterThan(bad.length);
  expect(wrong.filter(({ remedy }) => remedy === '')).toEqual([]);
});

test('pages after the first judge databases alone', () => {
  const findings = judge({ ...goodFacts, isFirstPage: false });
  expect(new Set(findings.map(({ database }) => database))).toEqual(new Set(['shop']));
});
