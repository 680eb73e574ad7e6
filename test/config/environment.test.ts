import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
beforeEach(async () => {
  folder = await createWorkingFolder();
});
afterEach(() => folder.remove());

test('with nothing set every default holds', async () => {
  const config = await folder.load();
  expect(config.backupDir).toBe(join(folder.path, 'data'));
  expect(config.clusters).toEqual({
    default: {
      name: 'default',
      host: hostname(),
      repositoryPath: join(folder.path, 'data'),
      connection: {},
      compression: 'gzip',
      retentionDays: 30,
      walRetentionDays: 7,
      baseBackupDays: 7,
      walLagMb: 256,
      walLagSeconds: 300,
      keepLast: 1,
      stallTimeoutSeconds: 60,
      maxBackupAgeHours: 25,
      minDiskSpaceGb: 10,
      verifyWithinDays: 14,
      maxWalAgeHours: 2,
      alertReminderHours: 24,
      approval: anybodyOnce,
      assertions: [],
      databases: {},
      drill: { enabled: true, globals: false, pointInTime: true },
      backups: { parallel: 2 },
      schedules: usualSchedules,
    },
  });
  expect(config.alertEndpoint).toBeUndefined();
  expect(config).toMatchObject({ webhooks: [] });
  expect(config.origins['clusters.default.retentionDays']).toBe('default');
});

const shared = { enabled: true, timeZone: 'UTC', catchUpMinutes: 60 };
const usualSchedules = {
  full: { ...shared, cron: '0 2 * * *', jitterSeconds: 900 },
  wal: { ...shared, enabled: 'auto', cron: '5 * * * *', jitterSeconds: 120 },
  monitor: { ...shared, cron: '*/15 * * * *', jitterSeconds: 60 },
  drill: { ...shared, cron: '0 4 1 * *', jitterSeconds: 3600 },
};

const anybodyOnce = {
  protected: false,
  approvers: 1,
  requesterMayApprove: true,
  deadlineMinutes: 1440,
  reminderMinutes: 720,
  inPlace: true,
};

test('everything can be set by the environment alone', async () => {
  const config = await folder.load({
    PGHOST: 'db.example',
    PGPORT: '6432',
    PGUSER: 'backup',
    PGPASSWORD: ' a b ',
    PGSERVICE: 'trading',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: 'system',
    PGPASSFILE: '/etc/pgpass',
    BACKUP_DIR: '/var/backups',
    RETENTION_DAYS: '14',
    WAL_RETENTION_DAYS: '3',
    BASE_BACKUP_DAYS: '4',
    WAL_LAG_MB: '64',
    WAL_LAG_SECONDS: '30',
    KEEP_LAST: '5',
    COMPRESSION: 'zstd',
    COMPRESSION_LEVEL: '19',
    MAX_BACKUP_AGE_HOURS: '49',
    MIN_DISK_SPACE_GB: '0',
    VERIFY_WITHIN_DAYS: '8',
    MAX_WAL_AGE_HOURS: '9',
    ALERT_REMINDER_HOURS: '10',
    ALERT_ENDPOINT: 'https://alerts.example/hook',
    DEAD_MANS_SWITCH_URL: 'https://ping.example/alive',
    HOLDFAST_HOST: 'db1',
    PARALLEL_PER_HOST: '7',
    SCHEDULE_FULL: '@daily',
    SCHEDULE_WAL: '10 * * * *',
    SCHEDULE_MONITOR: '*/5 * * * *',
    SCHEDULE_DRILL: 'off',
    SCHEDULE_TIME_ZONE: 'Europe/Berlin',
    PG_BIN_DIR: '/opt/pg/bin',
    TEMPORAL_ADDRESS: 'temporal.example:7233',
    TEMPORAL_NAMESPACE: 'backups',
    TEMPORAL_API_KEY: 'key',
  });
  expect(config.clusters.default).toEqual({
    name: 'default',
    host: 'db1',
    repositoryPath: '/var/backups',
    connection: {
      host: 'db.example',
      port: 6432,
      user: 'backup',
      password: ' a b ',
      service: 'trading',
      sslmode: 'verify-full',
      sslrootcert: 'system',
      passfile: '/etc/pgpass',
    },
    compression: 'zstd',
    compressionLevel: 19,
    retentionDays: 14,
    walRetentionDays: 3,
    baseBackupDays: 4,
    walLagMb: 64,
    walLagSeconds: 30,
    keepLast: 5,
    stallTimeoutSeconds: 60,
    maxBackupAgeHours: 49,
    minDiskSpaceGb: 0,
    verifyWithinDays: 8,
    maxWalAgeHours: 9,
    alertReminderHours: 10,
    approval: anybodyOnce,
    assertions: [],
    databases: {},
    drill: { enabled: true, globals: false, pointInTime: true },
    backups: { parallel: 2 },
    schedules: {
      full: { ...usualSchedules.full, cron: '@daily', timeZone: 'Europe/Berlin' },
      wal: { ...usualSchedules.wal, enabled: true, cron: '10 * * * *', timeZone: 'Europe/Berlin' },
      monitor: { ...usualSchedules.monitor, cron: '*/5 * * * *', timeZone: 'Europe/Berlin' },
      drill: { ...usualSchedules.drill, enabled: false, timeZone: 'Europe/Berlin' },
    },
  });
  expect(config).toMatchObject({
    alertEndpoint: 'https://alerts.example/hook',
    deadMansSwitch: 'https://ping.example/alive',
    pgBinDir: '/opt/pg/bin',
    host: 'db1',
    parallelPerHost: 7,
  });
  expect(config.temporal).toEqual({
    address: 'temporal.example:7233',
    namespace: 'backups',
    variables: {
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'backups',
      TEMPORAL_API_KEY: 'key',
    },
  });
});

test('the environment stands over .env, and .env never reaches the process', async () => {
  const dotenv = await folder.write('.env', 'RETENTION_DAYS=10\nKEEP_LAST=4\nTEMPORAL_API_KEY=from-file\n');
  const config = await folder.load({ RETENTION_DAYS: '20' });
  expect(config.clusters.default).toMatchObject({ retentionDays: 20, keepLast: 4 });
  expect(config.origins['clusters.default.retentionDays']).toBe('environment');
  expect(config.origins['clusters.default.keepLast']).toBe(dotenv);
  expect(config.temporal.variables).toEqual({ TEMPORAL_API_KEY: 'from-file' });
  expect(process.env.KEEP_LAST).toBeUndefined();
});

test('a relative BACKUP_DIR stands in the working folder, and ~ is the home folder', async () => {
  expect((await folder.load({ BACKUP_DIR: 'b/../c' })).backupDir).toBe(join(folder.path, 'c'));
  expect((await folder.load({ BACKUP_DIR: '~/backups' })).backupDir).toBe(
    join(process.env.HOME ?? '', 'backups'),
  );
});

test('a variable that libpq takes for unset when empty is unset, also over .env', async () => {
  await folder.write('.env', 'PGHOST=db.example\n');
  const config = await folder.load({ PGHOST: '', PGPORT: '', ALERT_ENDPOINT: '', PGPASSWORD: '' });
  expect(config.clusters.default?.connection).toEqual({});
  expect(config.alertEndpoint).toBeUndefined();
});

test('an environment made to mislead changes nothing (I3)', async () => {
  const hostile = {
    PGOPTIONS: '-c search_path=evil',
    PSQLRC: '/tmp/evil',
    LC_ALL: 'tr_TR.UTF-8',
    LANG: 'xx',
    PAGER: 'rm -rf /',
    TZ: 'Pacific/Kiritimati',
    PGTZ: 'x',
    PGDATABASE: 'evil',
  };
  expect(await folder.load(hostile)).toEqual(await folder.load());
});

test.each([
  ['RETENTION_DAYS', '0'],
  ['RETENTION_DAYS', '-1'],
  ['RETENTION_DAYS', '1.5'],
  ['RETENTION_DAYS', '30.0'],
  ['RETENTION_DAYS', '30d'],
  ['RETENTION_DAYS', ''],
  ['RETENTION_DAYS', ' 30'],
  ['RETENTION_DAYS', '1e3'],
  ['RETENTION_DAYS', '0x1e'],
  ['RETENTION_DAYS', '99999999999999999999'],
  ['WAL_RETENTION_DAYS', '0'],
  ['BASE_BACKUP_DAYS', '0'],
  ['WAL_LAG_MB', '0'],
  ['WAL_LAG_SECONDS', '-1'],
  ['KEEP_LAST', '0'],
  ['COMPRESSION', 'GZIP'],
  ['COMPRESSION', ''],
  ['COMPRESSION_LEVEL', '99'],
  ['COMPRESSION_LEVEL', '0'],
  ['MAX_BACKUP_AGE_HOURS', '25h'],
  ['MIN_DISK_SPACE_GB', '-1'],
  ['BACKUP_DIR', ''],
  ['ALERT_ENDPOINT', 'alerts.example'],
  ['ALERT_ENDPOINT', 'ftp://alerts.example'],
  ['ALERT_ENDPOINT', 'http://'],
  ['HOLDFAST_HOST', 'a b'],
  ['PGPORT', 'text'],
  ['PGPORT', '70000'],
  ['PGPORT', '0'],
  ['PGHOST', 'db.example user=x'],
  ['PGSSLMODE', 'yes'],
  ['TEMPORAL_ADDRESS', 'a b'],
])('%s=%j is refused with its value, what is allowed and where it was read', async (name, value) => {
  const [line, ...more] = await folder.problems({ [name]: value });
  expect(more).toEqual([]);
  expect(line).toMatch(/^\w+: had ".*"; allowed: .+; read from environment$/);
  expect(line).toContain(`${name}: had ${JSON.stringify(value)}`);
});

test('a value of .env is told with its file', async () => {
  const dotenv = await folder.write('.env', 'PGPORT=text\n');
  expect(await folder.problems()).toEqual([
    `PGPORT: had "text"; allowed: a whole number from 1 to 65535; read from ${dotenv}`,
  ]);
});

test.each([
  ['gzip', '10', '1 to 9 for gzip'],
  ['lz4', '13', '1 to 12 for lz4'],
])('a level that %s does not have is refused', async (method, level, allowed) => {
  const [line] = await folder.problems({ COMPRESSION: method, COMPRESSION_LEVEL: level });
  expect(line).toContain(`COMPRESSION_LEVEL: had ${level}; allowed: ${allowed}`);
});

test('what is secret in a wrong ALERT_ENDPOINT is not shown', async () => {
  const env = {
    ALERT_ENDPOINT: 'ftp://user:canary1@alerts.example/x?token=canary2',
    PGPORT: 'canary3',
    PGPASSWORD: 'canary3',
  };
  const text = (await folder.problems(env)).join('\n');
  expect(text).toContain('ftp://********@alerts.example/x?token=********');
  expect(text).not.toContain('canary');
});

test('a level is not judged where the method itself is wrong', async () => {
  const lines = await folder.problems({ COMPRESSION: 'zst', COMPRESSION_LEVEL: '15' });
  expect(lines).toEqual([expect.stringMatching(/^COMPRESSION: had "zst"/)]);
});

const wrong = {
  RETENTION_DAYS: fc.constantFrom('0', '-1', '1.5', '30d', '', 'x'),
  WAL_RETENTION_DAYS: fc.constantFrom('0', '7 days'),
  KEEP_LAST: fc.constantFrom('0', 'all'),
  COMPRESSION: fc.constantFrom('xz', ''),
  COMPRESSION_LEVEL: fc.constantFrom('99', 'best', '0'),
  MAX_BACKUP_AGE_HOURS: fc.constantFrom('0', '1.5'),
  MIN_DISK_SPACE_GB: fc.constantFrom('-1', '1G'),
  ALERT_ENDPOINT: fc.constantFrom('nowhere', 'mailto:a@b'),
  PGPORT: fc.constantFrom('text', '70000', '-5'),
  PGSSLMODE: fc.constantFrom('on', 'yes'),
  HOLDFAST_HOST: fc.constantFrom('-x', 'a/b'),
};

test('any combination of wrong values lists each wrong field once, and no other (I2)', async () => {
  const combinations = fc.record(wrong, { requiredKeys: [] }).filter((env) => Object.keys(env).length > 0);
  await fc.assert(
    fc.asyncProperty(combinations, async (env) => {
      const defined = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
      const fields = (await folder.problems(defined as Record<string, string>)).map(
        (line) => line.split(':')[0],
      );
      expect(fields.sort()).toEqual(Object.keys(defined).sort());
    }),
    { numRuns: 60 },
  );
});
