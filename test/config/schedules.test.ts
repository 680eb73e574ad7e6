import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renderConfig } from '../../src/config/show.js';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
let yamlPath: string;
beforeEach(async () => {
  folder = await createWorkingFolder();
  yamlPath = join(folder.path, 'holdfast.yaml');
});
afterEach(() => folder.remove());

const yaml = (text: string) => folder.write('holdfast.yaml', text);

test('schedules are those of a cluster, else of the environment, else of the defaults', async () => {
  await yaml(`defaults:
  schedules:
    timeZone: Europe/Berlin
    full: {cron: 0 1 * * *}
    drill: {enabled: false}
clusters:
  orders:
    schedules:
      timeZone: Asia/Tokyo
      full: {cron: 30 3 * * 1-5, jitterSeconds: 0, catchUpMinutes: 240}
      wal: {enabled: true}
    databases:
      shop: {schedules: {full: {cron: '@hourly'}}}
  retired: {schedules: {enabled: false}}
`);
  const config = await folder.load({ SCHEDULE_MONITOR: '*/5 * * * *' });
  const { orders, retired } = config.clusters;
  expect(orders?.schedules).toEqual({
    full: {
      enabled: true,
      cron: '30 3 * * 1-5',
      timeZone: 'Asia/Tokyo',
      jitterSeconds: 0,
      catchUpMinutes: 240,
    },
    wal: { enabled: true, cron: '5 * * * *', timeZone: 'Asia/Tokyo', jitterSeconds: 120, catchUpMinutes: 60 },
    monitor: {
      enabled: true,
      cron: '*/5 * * * *',
      timeZone: 'Asia/Tokyo',
      jitterSeconds: 60,
      catchUpMinutes: 60,
    },
    drill: {
      enabled: false,
      cron: '0 4 1 * *',
      timeZone: 'Asia/Tokyo',
      jitterSeconds: 3600,
      catchUpMinutes: 60,
    },
  });
  expect(orders?.databases.shop?.schedules).toEqual({
    full: { enabled: true, cron: '@hourly', timeZone: 'Asia/Tokyo', jitterSeconds: 0, catchUpMinutes: 240 },
  });
  const { full, wal, monitor, drill } = retired?.schedules ?? {};
  expect([full, wal, monitor, drill].map((each) => each?.enabled)).toEqual([false, false, false, false]);
  expect(full?.timeZone).toBe('Europe/Berlin');
  const shown = renderConfig(config);
  expect(shown).toContain(`cron: 30 3 * * 1-5 # ${yamlPath}:10`);
  expect(shown).toContain(`timeZone: Asia/Tokyo # ${yamlPath}:9`);
  expect(shown).toContain('cron: "*/5 * * * *" # environment');
});

test('wrong schedules are told all at once, with what is wrong with each', async () => {
  await yaml(`defaults:
  schedules:
    timeZone: Europe/Belrin
    full: {cron: 61 2 * * *}
    wal: {cron: 0 2 30 2 *, enabled: perhaps}
    monitor: {cron: '*/15 * * *', jitterSeconds: -1}
    drill: {cron: 0 4 L * *, catchUpMinutes: 0, crn: x}
clusters:
  default: {databases: {shop: {schedules: {full: {enabled: true}}}}}
`);
  const fields = 'five fields as in a crontab (minute, hour, day, month, weekday), or @daily and its kin';
  const problems = await folder.problems({ SCHEDULE_FULL: 'sometimes', SCHEDULE_TIME_ZONE: '+02:00' });
  const at = (line: number) => `read from ${yamlPath}:${line}`;
  const below = 'defaults.schedules';
  expect(problems.sort()).toEqual(
    [
      `SCHEDULE_FULL: had "sometimes"; allowed: off, or ${fields}; read from environment`,
      'SCHEDULE_TIME_ZONE: had "+02:00"; allowed: a time zone, such as UTC or Europe/Berlin; read from environment',
      `${below}.timeZone: had "Europe/Belrin"; allowed: a time zone, such as UTC or Europe/Berlin; ${at(3)}`,
      `${below}.full.cron: had "61 2 * * *"; allowed: ${fields}: Invalid value for minute: 61; ${at(4)}`,
      `${below}.wal.cron: had "0 2 30 2 *"; allowed: ${fields}: there is no such day; ${at(5)}`,
      `${below}.wal.enabled: had "perhaps"; allowed: true, false or auto; ${at(5)}`,
      `${below}.monitor.cron: had "*/15 * * *"; allowed: ${fields}; ${at(6)}`,
      `${below}.monitor.jitterSeconds: had -1; allowed: a whole number from 0 to 86400; ${at(6)}`,
      `${below}.drill.cron: had "0 4 L * *"; allowed: ${fields}; ${at(7)}`,
      `${below}.drill.catchUpMinutes: had 0; allowed: a whole number from 1 to 43200; ${at(7)}`,
      `${below}.drill.crn: unknown key, did you mean cron?; had "x"; allowed: cron, enabled, timeZone, jitterSeconds, catchUpMinutes; ${at(7)}`,
      `clusters.default.databases.shop.schedules.full.cron: allowed: ${fields}; ${at(9)}`,
    ].sort(),
  );
});
