import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { proposeFrom } from '../../src/config/crontab/propose.js';
import { createWorkingFolder } from './working-folder.js';

const crontab = `
# m h dom mon dow command
MAILTO=dba@example.com
PGPASSWORD = hunter2hunter2
0 2 * * *    /opt/backup/backup_full.sh shop >> /var/log/backup.log 2>&1
5 * * * *    /opt/backup/backup_incremental.sh
*/15 * * * * /opt/backup/monitor_backups.sh
30 3 * * *   find /srv/backups -name '*.sql.gz' -mtime +14 -delete
@reboot      /opt/backup/backup_full.sh shop
0 5 * * *    certbot renew
0 6 * * 0    /usr/local/bin/nightly-backup.sh
CRON_TZ=America/New_York
30 1 1 * *   root  /opt/backup/restore_backup.sh --latest shop_test
@daily       PGPASSWORD=hunter2hunter2 pg_dump -U backup -Fc "orders" | gzip > /srv/orders_$(date +\\%F).gz
0 4 * * 6    postgres  pg_basebackup -D /srv/base -Ft -z
61 4 * * *   pg_dump crm > crm.sql
0 1 * * *    pg_dump -h other.db -d postgres://u:hunter2hunter2@other.db/ledger -f x
0 3 * * *    pg_dump shop > again.sql
what is this
`;

test('a crontab’s jobs of backups become settings, and each line is told what became of it', async () => {
  const { lines, proposal } = proposeFrom(crontab, 'Europe/Berlin');
  expect(lines.map(({ line, verdict, words }) => `${line} ${verdict}: ${words}`)).toEqual([
    '5 taken: full backups of database shop',
    '6 taken: WAL cycles',
    '7 taken: looks of monitoring',
    '8 taken: retentionDays: 14; each backup applies it',
    '9 not understood: @reboot: a schedule knows times only; `holdfast worker` starts with the machine',
    '10 other: nothing of backups',
    '11 not understood: of backups, it seems: look at it',
    '13 taken: restore drills',
    '14 taken: full backups of database orders',
    '15 covered: WAL cycles take base backups when they are due: see baseBackupDays',
    '16 not understood: its time is not understood: Invalid value for minute: 61',
    '17 not understood: of another server (other.db) than the lines above (this machine): give it a cluster of its own',
    '18 not understood: full backups of shop have a time already, from a line above: choose one',
    '19 not understood: neither a job of five fields nor a setting',
  ]);
  expect(proposal).toEqual({
    version: 1,
    defaults: {
      retentionDays: 14,
      schedules: {
        timeZone: 'Europe/Berlin',
        full: { enabled: false },
        wal: { cron: '5 * * * *' },
        monitor: { cron: '*/15 * * * *' },
        drill: { cron: '30 1 1 * *', timeZone: 'America/New_York' },
      },
    },
    clusters: {
      default: {
        databases: {
          shop: { schedules: { full: { cron: '0 2 * * *' } } },
          orders: { schedules: { full: { cron: '@daily', timeZone: 'America/New_York' } } },
        },
      },
    },
  });
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  const folder = await createWorkingFolder();
  await folder.write('holdfast.yaml', stringify(proposal));
  const { clusters } = await folder.load();
  await folder.remove();
  expect(clusters.default?.databases.shop?.schedules.full?.timeZone).toBe('Europe/Berlin');
  expect(join('/', clusters.default?.schedules.wal.cron ?? '')).toBe('/5 * * * *');
});

test.for([
  ['pg_dumpall | gzip > all.gz', 'full backups of every database'],
  ['pg_dump --format=custom -U x -f /a/b.dump shop', 'full backups of database shop'],
  ['pg_dump -Fc -d shop -f x', 'full backups of database shop'],
  ['pg_dump --dbname=postgresql://h/shop?sslmode=require >x', 'full backups of database shop'],
  ["sudo -u postgres pg_dump 'my shop' > x", 'full backups of database my shop'],
  ['pg_dump $DB > x', 'full backups of every database'],
  ['pgbackrest --stanza=main --type=full backup', 'WAL cycles take base backups when they are due'],
  ['barman backup main', 'WAL cycles take base backups when they are due'],
  ['barman cron', 'WAL cycles'],
  ['wal-g backup-push /var/lib/postgresql/data', 'WAL cycles take base backups when they are due'],
  ['pgbackrest --stanza=main check', 'looks of monitoring'],
  ['/opt/restore-test.sh shop', 'restore drills'],
  ['wal-g backup-fetch /tmp/x LATEST', 'restore drills'],
  ['cd /srv/backups && ./monitor_backups.sh', 'looks of monitoring'],
  ['logrotate /etc/logrotate.conf', 'nothing of backups'],
] as const)('%s is taken for %s', ([command, words]) => {
  const [line] = proposeFrom(`0 2 * * * ${command}`, 'UTC').lines;
  expect(line?.words).toMatch(new RegExp(`^${words}`));
});
