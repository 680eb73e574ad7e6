import { expect, test } from 'vitest';
import {
  type Diagnosis,
  diagnosis,
  exitCodeOf,
  failing,
  fine,
} from '../../../src/domain/doctor/diagnosis.js';
import {
  judgeRepository,
  judgeSpace,
  judgeTools,
  type SpaceSight,
} from '../../../src/domain/doctor/judge-cluster.js';
import {
  judgeAlerts,
  judgeSchedules,
  judgeSearchAttributes,
  judgeSecrets,
  judgeTemporal,
  judgeWorkers,
} from '../../../src/domain/doctor/judge-machine.js';
import {
  judgeDumpRole,
  judgeReplicationRole,
  judgeRestoreRole,
} from '../../../src/domain/doctor/judge-roles.js';
import {
  type ArchivingSight,
  judgeArchiving,
  judgeClock,
  judgeSlots,
} from '../../../src/domain/doctor/judge-server.js';
import { recommendedKeepBytes } from '../../../src/domain/doctor/recommend-keep-size.js';
import type { DatabaseSight, RoleFacts } from '../../../src/domain/doctor/role-facts.js';
import type { SettingPlan } from '../../../src/domain/wal/archiving.js';

const gb = 1024 ** 3;
const mb = 1024 ** 2;

const database: DatabaseSight = {
  ...{
    name: 'shop',
    owner: 'clerk',
    isOwnerSuperuser: false,
    isOwned: true,
    sizeBytes: 100,
    closedBecause: null,
    largeObjects: 0,
  },
  ...{ unreadable: { count: 0, first: '' }, rowSecurity: { count: 0, first: '' } },
};
const role: RoleFacts = {
  ...{ role: 'backup', isSuperuser: false, mayCreateDatabases: true, mayCreateRoles: false },
  ...{ mayReplicate: true, bypassesRowSecurity: false, readsAllData: true, signalsBackends: true },
  databases: [database],
};
const lacking = (more: Partial<DatabaseSight>): RoleFacts => ({
  ...role,
  databases: [database, { ...database, ...more }],
});

test.for<[why: string, facts: RoleFacts, state: string, remedy: string]>([
  ['all readable', role, 'ok', ''],
  ['a superuser', { ...lacking({ closedBecause: 'no' }), isSuperuser: true }, 'ok', ''],
  [
    'closed',
    lacking({ name: 'My Shop', closedBecause: 'no' }),
    'critical',
    'GRANT CONNECT ON DATABASE "My Shop" TO backup;',
  ],
  [
    'unreadable',
    lacking({ unreadable: { count: 2, first: 'public.a' } }),
    'critical',
    'GRANT pg_read_all_data TO backup;',
  ],
  [
    'guarded',
    lacking({ rowSecurity: { count: 1, first: 'public.a' } }),
    'critical',
    'ALTER ROLE backup BYPASSRLS;',
  ],
  ['large objects', lacking({ largeObjects: 3 }), 'critical', 'GRANT SELECT ON LARGE OBJECT'],
])('a dump role is judged: %s', ([, facts, state, remedy]) => {
  const judged = judgeDumpRole('main', facts);
  expect(judged).toMatchObject({ check: 'dump role', cluster: 'main', state });
  expect(judged.remedy).toContain(remedy);
});

test.for<
  [why: string, facts: Partial<RoleFacts>, used: string | null, refused: string | null, state: string]
>([
  ['it may, and is let in', {}, 'WAL is streamed', null, 'ok'],
  ['pg_hba.conf refuses, in use', {}, 'WAL is streamed', 'no pg_hba.conf entry', 'critical'],
  ['pg_hba.conf refuses, not in use', {}, null, 'no pg_hba.conf entry', 'not applicable'],
  ['it may not, in use', { mayReplicate: false }, 'WAL is archived here', null, 'critical'],
  ['it may not, not in use', { mayReplicate: false }, null, null, 'not applicable'],
])('a replication role is judged: %s', ([, facts, usedBecause, refusedBecause, state]) => {
  const hbaLine = 'local  replication  backup  scram-sha-256';
  const judged = judgeReplicationRole(
    'main',
    { ...role, ...facts },
    { usedBecause, refusedBecause, hbaLine },
  );
  expect(judged.state).toBe(state);
  expect(judged.remedy.includes(hbaLine)).toBe(state !== 'ok');
});

test.for<[why: string, facts: RoleFacts, state: string, remedy: string]>([
  ['all rights', role, 'ok', ''],
  ['no CREATEDB', { ...role, mayCreateDatabases: false }, 'not applicable', 'ALTER ROLE backup CREATEDB;'],
  ['not the owner', lacking({ isOwned: false, owner: 'Ann' }), 'warning', 'GRANT "Ann" TO backup;'],
  ['no signals', { ...role, signalsBackends: false }, 'warning', 'GRANT pg_signal_backend TO backup;'],
])('a restore role is judged: %s', ([, facts, state, remedy]) => {
  const judged = judgeRestoreRole('main', facts);
  expect(judged.state).toBe(state);
  expect(judged.remedy).toContain(remedy);
});

const finePlans: SettingPlan[] = (['wal_level', 'archive_mode', 'archive_command'] as const).map((name) => ({
  ...{ name, now: 'x', needed: 'x', state: 'fine', needsRestart: false, hindrance: null },
}));
const plan = (name: SettingPlan['name'], more: Partial<SettingPlan>) =>
  finePlans.map((one) => (one.name === name ? { ...one, ...more } : one));
const archiving: ArchivingSight = {
  plans: finePlans,
  archiver: {
    ...{
      archivedCount: 7,
      lastArchivedFile: '00000001000000000000000A',
      lastArchivedAt: '2026-01-10T12:00:00.000Z',
    },
    ...{ failedCount: 0, lastFailedFile: null, lastFailedAt: null },
  },
  ...{ hasArchive: true, isScriptCurrent: true, isStreamed: false, inRecovery: false, other: undefined },
};
const failed = {
  ...archiving.archiver,
  ...{ failedCount: 3, lastFailedFile: '00000001000000000000000B', lastFailedAt: '2026-01-10T12:01:00.000Z' },
};

test.for<[why: string, sight: Partial<ArchivingSight>, state: string, words: string]>([
  ['it archives', {}, 'ok', 'archived 7'],
  [
    'it failed once, and has archived since',
    { archiver: { ...failed, lastArchivedAt: '2026-01-10T12:02:00.000Z' } },
    'ok',
    '',
  ],
  [
    'it fails',
    { archiver: failed },
    'critical',
    'the archiver fails: 3 times, the last with 00000001000000000000000B',
  ],
  ['the script is old', { isScriptCurrent: false }, 'warning', 'script'],
  [
    'off, though there is an archive',
    { plans: plan('archive_mode', { now: 'off', state: 'change' }) },
    'critical',
    'archive_mode is off',
  ],
  [
    'off, and never was on',
    { plans: plan('archive_mode', { now: 'off', state: 'change' }), hasArchive: false },
    'not applicable',
    '',
  ],
  [
    'off, and streamed',
    { plans: plan('archive_mode', { now: 'off', state: 'change' }), isStreamed: true },
    'ok',
    'streamed',
  ],
  [
    'another command',
    { plans: plan('archive_command', { now: 'cp', state: 'foreign' }) },
    'warning',
    'another command',
  ],
  ['another cluster’s', { other: { cause: 'it is of 42', remedy: '' } }, 'critical', 'it is of 42'],
  [
    'waiting for a restart',
    { plans: plan('archive_mode', { now: 'off', state: 'restart' }) },
    'warning',
    'restart',
  ],
])('archiving is judged: %s', ([, sight, state, words]) => {
  const judged = judgeArchiving('main', { ...archiving, ...sight });
  expect(judged.state).toBe(state);
  expect(judged.found).toContain(words);
});

test('the size that a slot may keep is a day of WAL and a fifth more, and at most half of what is free', () => {
  const text = (walBytesPerDay: number | null, freeBytes: number | null) =>
    recommendedKeepBytes({ walBytesPerDay, freeBytes }).text;
  expect(text(10 * gb, 500 * gb)).toBe('12GB');
  expect(text(10 * gb, 9 * gb)).toBe('4GB');
  expect(text(10 * gb, gb)).toBe('512MB');
  expect(text(0, 500 * gb)).toBe('1GB');
  expect(text(null, null)).toBe('10GB');
});

const slot = {
  name: 'holdfast_main_db1',
  isActive: true,
  restartLsn: '0/1',
  walStatus: 'reserved',
  keptBytes: mb,
} as const;

test.for<
  [
    why: string,
    slots: (Omit<typeof slot, 'isActive' | 'walStatus' | 'name'> & {
      name: string;
      isActive: boolean;
      walStatus: 'reserved' | 'lost';
    })[],
    kept: number | null,
    state: string,
    remedy: string,
  ]
>([
  ['in use, with a limit', [slot], 20 * gb, 'ok', ''],
  ['in use, without a limit', [slot], null, 'warning', "ALTER SYSTEM SET max_slot_wal_keep_size = '12GB';"],
  ['in use, with a limit too small', [slot], 100 * mb, 'warning', "'12GB'"],
  ['idle', [{ ...slot, isActive: false }], 20 * gb, 'warning', 'holdfast wal stream main'],
  ['lost', [{ ...slot, walStatus: 'lost' }], 20 * gb, 'critical', 'holdfast wal stream main'],
  ['none', [], null, 'not applicable', "'12GB'"],
  ['those of others', [{ ...slot, name: 'standby', isActive: false }], 20 * gb, 'not applicable', ''],
])('replication slots are judged: %s', ([, slots, maxKeptBytes, state, remedy]) => {
  const judged = judgeSlots('main', { slots, maxKeptBytes, walBytesPerDay: 10 * gb, freeBytes: 500 * gb });
  expect(judged.state).toBe(state);
  expect(judged.remedy).toContain(remedy);
  if (remedy === '') expect(judged.remedy).toBe('');
});

const disk = { freeBytes: 100 * gb, totalBytes: 200 * gb, catalogueBytes: 10 * gb, dailyBytes: gb };
const space: SpaceSight = { disk, retentionDays: 30, minDiskSpaceGb: 10, databasesBytes: null };

test.for<[why: string, sight: Partial<SpaceSight>, state: string, words: string]>([
  ['room for all days', {}, 'ok', '30 days of 1.0 GB a day need 26 GB more'],
  ['no room for all days', { retentionDays: 300 }, 'warning', '300 days of 1.0 GB a day need 350 GB more'],
  ['little left', { disk: { ...disk, freeBytes: 9 * gb } }, 'critical', 'less than the 10 GB'],
  [
    'no backup yet',
    { disk: { ...disk, dailyBytes: 0 }, databasesBytes: 5 * gb },
    'ok',
    'the databases take 5.0 GB',
  ],
  [
    'a first backup too large',
    { disk: { ...disk, dailyBytes: 0 }, databasesBytes: 500 * gb },
    'warning',
    'may not fit',
  ],
])(
  'space is judged by a day’s size times the days of retention and a fifth: %s',
  ([, sight, state, words]) => {
    const judged = judgeSpace('main', { ...space, ...sight });
    expect(judged.state).toBe(state);
    expect(judged.found).toContain(words);
  },
);

test('retention that has room is proposed where the forecast has none', () => {
  expect(judgeSpace('main', { ...space, retentionDays: 300 }).remedy).toContain('RETENTION_DAYS=91');
  const kept = { ...disk, keptBytes: 10 * gb };
  expect(judgeSpace('main', { ...space, disk: kept, retentionDays: 300 }).remedy).toContain(
    'RETENTION_DAYS=83',
  );
});

test('what has no right state has a remedy, and what is fine has none', () => {
  const judged: [Diagnosis, Diagnosis['state']][] = [
    [judgeSecrets([{ path: '/etc/it is', mode: 0o100644, holds: 'a password' }], []), 'warning'],
    [judgeSecrets([{ path: '/etc/pw', mode: 0o100600, holds: 'a password' }], []), 'ok'],
    [judgeSecrets([], ['/root/.pgpass can be read by others']), 'warning'],
    [judgeAlerts([], false), 'warning'],
    [judgeAlerts(['https://a'], true), 'ok'],
    [judgeTemporal(null), 'ok'],
    [judgeSearchAttributes(['HoldfastCluster'], 'ops'), 'warning'],
    [judgeWorkers([{ host: 'db2', isHere: false, isServed: false }]), 'critical'],
    [judgeWorkers([{ host: 'db1', isHere: true, isServed: false }]), 'warning'],
    [judgeWorkers([{ host: 'db1', isHere: true, isServed: true }]), 'ok'],
    [judgeSchedules([]), 'warning'],
    [judgeSchedules([{ id: 'a', isPaused: true }]), 'warning'],
    [judgeSchedules([{ id: 'a', isPaused: false }]), 'ok'],
    [judgeClock('main', -90), 'warning'],
    [judgeClock('main', 1), 'ok'],
    [judgeRepository('main', { path: '/b', exists: true, mode: 0o40755, backups: 1 }), 'warning'],
    [judgeRepository('main', { path: '/b', exists: true, mode: 0o40700, backups: 1 }), 'ok'],
    [
      judgeTools('main', {
        ...{ serverVersion: '15.1', serverMajor: 15, version: '15.1', folder: '/bin', missing: ['psql'] },
      }),
      'warning',
    ],
  ];
  for (const [one, state] of judged) {
    expect([one.found, one.state]).toEqual([one.found, state]);
    expect(one.remedy === '').toBe(state === 'ok');
  }
  expect(judged[0]?.[0].remedy).toBe("chmod 600 '/etc/it is'");
});

test('membership in a superuser is never proposed, and the database postgres is nobody’s target', () => {
  const foreign = { isOwned: false, owner: 'boss', isOwnerSuperuser: true };
  const judged = judgeRestoreRole('main', lacking({ ...foreign, name: 'crm' }));
  expect(judged).toMatchObject({
    state: 'warning',
    remedy: expect.stringContaining('ALTER DATABASE crm OWNER TO'),
  });
  expect(judged.remedy).not.toContain('GRANT boss');
  expect(judgeRestoreRole('main', lacking({ ...foreign, name: 'postgres' })).state).toBe('ok');
});

test('to a standby nobody is told to be able to restore, superuser or not', () => {
  const superuser = { ...lacking({}), isSuperuser: true };
  expect(judgeRestoreRole('main', superuser).state).toBe('ok');
  expect(judgeRestoreRole('main', superuser, true)).toMatchObject({
    state: 'not applicable',
    found: expect.stringContaining('the server is a standby'),
  });
});

test('the exit code is that of what is to be mended first', () => {
  const bad = (type: Parameters<typeof failing>[0]) => diagnosis('connection', '', failing(type, 'x', 'y'));
  expect(exitCodeOf([diagnosis('clock', '', fine('x'))])).toBe(0);
  expect(exitCodeOf([bad('NoWorkerForHost')])).toBe(1);
  expect(exitCodeOf([bad('NoWorkerForHost'), bad('DumpFailed'), bad('ServerUnreachable')])).toBe(3);
  expect(exitCodeOf([bad('ServerUnreachable'), bad('RepositoryNotWritable')])).toBe(2);
});
