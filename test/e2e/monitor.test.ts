import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MonitorResult } from '../../src/domain/health/contracts.js';
import { startMailServer } from '../alerting/mail-server.js';
import { type Receiver, startReceiver } from '../alerting/receiver.js';
import { createRepository } from '../monitoring/repository.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';

let place: Workplace;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
  // Where nobody listens: neither Temporal nor PostgreSQL.
  place = await createWorkplace({
    ...{ TEMPORAL_ADDRESS: '127.0.0.1:1', PGHOST: '127.0.0.1', PGPORT: '1', MIN_DISK_SPACE_GB: '0' },
    ALERT_ENDPOINT: `${receiver.url}hook`,
    DEAD_MANS_SWITCH_URL: `${receiver.url}alive`,
  });
});

afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** Puts a backup of an hour ago there. */
async function addBackup(database: string): Promise<string> {
  const repository = await createRepository();
  const id = await repository.add(database, new Date(Date.now() - 60 * 60 * 1000));
  await cp(repository.root, place.backupDir, { recursive: true, preserveTimestamps: true });
  await repository[Symbol.asyncDispose]();
  return id;
}

const pings = () =>
  receiver.received.filter(({ method, url }) => method === 'GET' && url === '/alive').length;

test('without Temporal and PostgreSQL the repository alone is judged, what changes is told, and good looks ping', async () => {
  const empty = await place.run('monitor', '--offline');
  expect(empty).toMatchObject({ exitCode: 5, stdout: expect.stringContaining('✗  repository') });
  expect(empty.stderr).toContain('→ mount its disk, or correct BACKUP_DIR');
  expect(pings()).toBe(0);
  await addBackup('shop');
  const good = await place.run('monitor', '--offline');
  expect(good).toMatchObject({ exitCode: 0, stderr: '' });
  expect(good.stdout).toMatch(/✓ +backup_age +default +shop +ok +shop_full_\d+_\d+ is 1h old/);
  expect(pings()).toBe(1);
  const alerts = receiver.taken().map(({ type, priority }) => [type, priority]);
  expect(alerts).toEqual([
    ['backup_health', 'critical'],
    ['backup_health', 'info'],
  ]);
});

test('what verify has read whole, and what it found wrong, monitoring knows', async () => {
  const id = await addBackup('shop');
  expect(await place.run('monitor', '--offline')).toMatchObject({ exitCode: 0 });
  const remembered = async () => {
    const memory = await readFile(join(place.backupDir, 'full', '.survey-memory.json'), 'utf8');
    const [, , , readAt, , flaw] =
      (JSON.parse(memory) as { backups: Record<string, unknown[]> }).backups[id] ?? [];
    return { readAt, flaw };
  };
  expect(await remembered()).toEqual({ readAt: null, flaw: '' });
  expect(await place.run('verify', '--all')).toMatchObject({ exitCode: 0 });
  expect(await remembered()).toEqual({ readAt: expect.any(Number), flaw: '' });
  const path = join(place.backupDir, 'full', `${id}.sql.gz`);
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0, 50, 60));
  expect(await place.run('verify', id)).toMatchObject({ exitCode: 5 });
  expect((await remembered()).flaw).toContain('damaged');
});

test('with Temporal and PostgreSQL down, a look by the command says so and judges what it can', async () => {
  const unmounted = await place.run('monitor');
  expect(unmounted).toMatchObject({
    exitCode: 5,
    stdout: expect.stringMatching(/✗ +repository .*no such folder/),
  });
  expect(pings()).toBe(0);
  await addBackup('shop');
  const { exitCode, stdout, stderr } = await place.run('--json', 'monitor');
  expect(exitCode, stderr).toBe(0);
  const [look] = JSON.parse(stdout) as MonitorResult[];
  expect(look?.warnings).toEqual([
    expect.stringMatching(/^looked without Temporal: connect to Temporal at 127\.0\.0\.1:1/),
    expect.stringMatching(/^the server could not be asked: /),
  ]);
});

test('as a plugin it tells one line with performance data, and has a plugin’s exit codes', async () => {
  const critical = await place.run('monitor', '--offline', '--nagios');
  expect(critical.exitCode).toBe(2);
  expect(critical.stdout).toMatch(
    /^HOLDFAST CRITICAL - 1 critical, 0 warning; default repository: .*no such folder/,
  );
  await addBackup("sh|op's");
  const good = await place.run('monitor', '--offline', '--nagios');
  expect(good.exitCode).toBe(0);
  expect(good.stdout).toMatch(/^HOLDFAST OK - \d+ checks ok \| '[^|\n]*$/);
  expect(good.stdout).toMatch(/'default\/sh\/op''s backup_age'=36\d\ds /);
  const unknown = await place.start(['monitor', '--offline', '--nagios'], { KEEP_LAST: 'x' });
  expect(unknown).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining('HOLDFAST UNKNOWN - read the settings'),
  });
  const wrong = await place.run('monitor', '--nagios', 'nowhere');
  expect(wrong).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('HOLDFAST UNKNOWN - ') });
});

test('of several clusters each is judged, and one that is critical keeps the switch from being pinged', async () => {
  await addBackup('shop');
  await writeFile(join(place.folder, 'holdfast.yaml'), 'clusters: { default: {}, orders: {} }');
  const both = await place.run('monitor', '--offline');
  expect(both.exitCode).toBe(5);
  expect(both.stderr).toContain('orders: there is no such folder');
  expect(await place.run('monitor', '--offline', 'default')).toMatchObject({ exitCode: 0 });
  expect(pings()).toBe(1);
});

test('metrics are those of the repository, also without it', async () => {
  const id = await addBackup('shop');
  expect(await place.json('metrics')).toMatchObject({
    ...{ cluster: 'default', backup_count_total: 1, backup_count_recent: 1, corrupted_backups: 0 },
    ...{ backup_age_hours: 1, last_backup_size_mb: 0, repository_present: 1 },
    disk_free_gb: expect.any(Number),
    disk_usage_percent: expect.any(Number),
    databases: [{ database: 'shop', backup_count_total: 1 }],
  });
  await rm(join(place.backupDir, 'full', `${id}.sql.gz`));
  expect(await place.json('metrics')).toMatchObject({ corrupted_backups: 1, backup_age_hours: null });
  await rm(place.backupDir, { recursive: true });
  expect(await place.json('metrics')).toMatchObject({ repository_present: 0, disk_free_gb: null });
});

test('alert test tells of each channel whether it took it', async () => {
  expect(await place.run('alert', 'test')).toMatchObject({ exitCode: 0 });
  expect(receiver.taken()).toMatchObject([{ priority: 'info', message: expect.stringContaining('test') }]);
  receiver.answer = (response) => response.writeHead(404).end('no such channel');
  const refused = await place.run('alert', 'test');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('it answered 404 Not Found: no such channel');
  await writeFile(
    join(place.folder, 'holdfast.yaml'),
    `
clusters: { default: { databases: { shop: {} } } }
alerts:
  mail: { tls: none, from: a@b.example, to: [dba@example.com] }
  routes: [{ channels: [endpoint], databases: [shop] }, { channels: [mail], minimumPriority: high, types: [backup_age] }]
`,
  );
  await using server = await startMailServer();
  const mail = { SMTP_HOST: '127.0.0.1', SMTP_PORT: String(server.port) };
  const one = await place.start(['alert', 'test', 'mail'], mail);
  expect(one, one.stderr).toMatchObject({ exitCode: 0 });
  expect(one.stdout).toMatch(/mail +backup_age from priority high/);
  expect(one.stderr).toContain('critical alerts of cluster default reach nobody');
  expect(one.stderr).not.toContain('default/shop');
  expect(server.taken).toMatchObject([{ to: ['dba@example.com'] }]);
  const wrong = await place.start(['alert', 'test', 'pager'], mail);
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('name one of endpoint, mail') });
  await rm(join(place.folder, 'holdfast.yaml'));
  const none = await place.start(['alert', 'test'], { ALERT_ENDPOINT: '' });
  expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no channel is configured') });
});
