import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { monitorOnce } from '../../src/monitoring/monitor-once.js';
import { expireBackups } from '../../src/repository/expire-backups.js';
import { localRepository } from '../../src/repository/local/local-repository.js';
import { headerOf, type MailServer, startMailServer } from '../alerting/mail-server.js';
import { startReceiver } from '../alerting/receiver.js';
import { lastingPort } from '../support/lasting-port.js';
import { createRepository, type GeneratedRepository } from './repository.js';

const hourMs = 60 * 60 * 1000;
const start = Date.parse('2026-03-01T02:00:00.000Z');
const at = (hour: number) => new Date(start + hour * hourMs);

function look(repository: GeneratedRepository, config: Config, hour: number) {
  const cluster = config.clusters.default;
  if (!cluster) throw new Error('there is no default cluster');
  const { signal } = new AbortController();
  const { stateDir } = repository;
  return monitorOnce({ config, cluster, stateDir, withServer: false, signal, clock: () => at(hour) });
}

test('C4: a week in which every backup fails: nothing expires, people hear of it, and the switch is not pinged', async () => {
  await using repository = await createRepository();
  await using receiver = await startReceiver();
  const env = { ALERT_ENDPOINT: `${receiver.url}alerts`, DEAD_MANS_SWITCH_URL: `${receiver.url}alive` };
  const config = await repository.config({ ...env, RETENTION_DAYS: '3', VERIFY_WITHIN_DAYS: '14' });
  for (const database of ['shop', 'orders'])
    for (const day of [2, 1, 0]) await repository.add(database, at(-24 * day));
  const pings: number[] = [];
  for (let hour = 0; hour <= 7 * 24; hour++) {
    const before = receiver.received.length;
    await look(repository, config, hour);
    if (receiver.received.slice(before).some(({ url }) => url === '/alive')) pings.push(hour);
    // As a person may do meanwhile; the runs that fail never come to it.
    if (hour % 24 === 12)
      await expireBackups(localRepository(repository.root, 'default'), {
        ...{ retentionDays: 3, keepLast: 1, now: at(hour) },
      });
  }
  const left = await localRepository(repository.root, 'default').list();
  expect(left.backups.map(({ id }) => id).sort()).toEqual([
    'orders_full_20260301_020000',
    'shop_full_20260301_020000',
  ]);
  expect(await readdir(join(repository.root, 'full'))).toContain('shop_full_20260301_020000.sql.gz');
  expect(pings).toEqual(Array.from({ length: 26 }, (_, hour) => hour));
  const told = receiver.taken().filter(({ database }) => database === 'shop');
  expect(
    told.map(({ type, priority, time }) => [type, priority, (Date.parse(String(time)) - start) / hourMs]),
  ).toEqual([26, 50, 74, 98, 122, 146].map((hour) => ['backup_age', 'critical', hour]));
  expect(told[1]).toMatchObject({ message: expect.stringMatching(/^still critical after 1d: /) });
});

test('while the mailbox is down for a day no alert is lost: reminders and recovery come in their order', async () => {
  await using repository = await createRepository();
  const port = await lastingPort();
  const config = await repository.config({
    ...{ SMTP_HOST: '127.0.0.1', SMTP_PORT: String(port), SMTP_TLS: 'none', ALERT_REMINDER_HOURS: '6' },
    ...{ SMTP_FROM: 'holdfast@db1.example', SMTP_TO: 'dba@example.com' },
  });
  await repository.add('shop', at(0));
  await repository.add('orders', at(0));
  let mailbox: MailServer | undefined;
  const waiting: number[] = [];
  for (let hour = 20; hour <= 72; hour++) {
    if (hour === 32) await repository.add('orders', at(32));
    if (hour === 40) await repository.add('shop', at(40));
    if (hour === 50) mailbox = await startMailServer({}, port);
    const { delivery } = await look(repository, config, hour);
    waiting.push(delivery.waiting);
  }
  const subjects = mailbox?.taken.map((mail) => headerOf(mail, 'Subject')?.replace(/.*default\//, ''));
  await mailbox?.[Symbol.asyncDispose]();
  expect(Math.max(...waiting)).toBeGreaterThan(3);
  expect(waiting.at(-1)).toBe(0);
  const ofDatabase = (name: string) =>
    subjects
      ?.filter((subject) => subject?.startsWith(name))
      .map((subject) => subject?.replace(/[\d_]{8,}/, ''));
  expect(ofDatabase('orders')).toEqual([
    'orders: orders_full is 1d 2h old',
    'orders: recovered after 6h: orders_full is 0s old',
    'orders: orders_full is 1d 2h old',
    'orders: still critical after 6h: orders_full is 1d 8h old',
    'orders: still critical after 12h: orders_full is 1d 14h old',
  ]);
  expect(ofDatabase('shop')?.slice(0, 3)).toEqual([
    'shop: shop_full is 1d 2h old',
    'shop: recovered after 14h: shop_full is 0s old',
    'shop: shop_full is 1d 2h old',
  ]);
});
