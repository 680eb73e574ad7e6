import { cp, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { counters, gauges, histograms } from '../../src/domain/metrics/catalogue.js';
import { createRepository } from '../monitoring/repository.js';
import { startArchiving } from '../support/archiving-cluster.js';
import type { Cluster } from '../support/cluster.js';
import { alertRules, dashboardQueries, rulesText } from '../support/dashboard.js';
import { lastingPort } from '../support/lasting-port.js';
import { patience } from '../support/patience.js';
import { type Prometheus, startPrometheus } from '../support/prometheus.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';

let cluster: Cluster;
let place: ServedWorkplace;
let address: string;
let prometheus: Prometheus;

beforeAll(async () => {
  const archiving = await startArchiving();
  cluster = archiving.cluster;
  await cluster.createDatabase('shop');
  await cluster.psql('CREATE TABLE t AS SELECT generate_series(1, 1000) AS id', 'shop');
  address = `127.0.0.1:${await lastingPort()}`;
  place = await createServedWorkplace({
    ...{ ...cluster.env, PG_BIN_DIR: cluster.binDir, BACKUP_DIR: archiving.layout.root },
    ...{ METRICS_ADDRESS: address, MIN_DISK_SPACE_GB: '0', MAX_BACKUP_AGE_HOURS: '1' },
  });
  // What is waited for so that nobody is woken for nothing is not waited for here.
  const rules = (await rulesText()).replace(/for: \w+/g, 'for: 0s');
  prometheus = await startPrometheus({ target: address, rules });
  // Here, where nothing is tried a second time: what is counted below is counted once.
  expect(await exitCode('backup', 'shop')).toBe(0);
  expect(await exitCode('wal')).toBe(0);
  expect(await exitCode('drill', 'shop')).toBe(0);
  expect(await exitCode('backup', 'nowhere')).toBe(3);
  expect(await exitCode('restore', '--latest', 'shop', '--detach')).toBe(0);
});

afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const exitCode = async (...args: string[]) => (await place.run(...args)).exitCode;
const scrape = async () => (await fetch(`http://${address}/metrics`)).text();
/**
 * The value of a query once `matches` holds of it. Nothing is read without waiting for it: where the worker is too busy to
 * answer within Prometheus's half second, there is no value of anything until it is asked again.
 */
const untilValue = (query: string, matches: (value: number | undefined) => void) =>
  vi.waitFor(async () => {
    const value = (await prometheus.query(query))[0]?.value;
    matches(value);
    return value;
  }, patience);
const untilIs = (query: string, expected: number) =>
  untilValue(query, (value) => expect(value, query).toBe(expected));
const untilAtLeast = (query: string, least: number) =>
  untilValue(query, (value) => expect(value, query).toBeGreaterThanOrEqual(least));
const untilAbove = (query: string, limit: number) =>
  untilValue(query, (value) => expect(value, query).toBeGreaterThan(limit));
const untilFiring = (name: string, labels: Record<string, string> = {}) =>
  vi.waitFor(async () => {
    const found = (await prometheus.firing()).filter((alert) => alert.name === name);
    expect(found).toEqual([expect.objectContaining({ labels: expect.objectContaining(labels) })]);
  }, patience);

test('a real Prometheus sees a backup, a WAL cycle, a failure, and a restore that waits', async () => {
  const shop = '{cluster="default", database="shop"}';
  await untilIs('holdfast_approvals_waiting{operation="restore"}', 1);
  await untilIs(`holdfast_backup_count${shop}`, 1);
  await untilIs('holdfast_base_backup_count', 1);
  const untilEnded = (operation: string, outcome: string, database: string, times: number) =>
    untilIs(
      `holdfast_operations_total{operation="${operation}", outcome="${outcome}", database="${database}"}`,
      times,
    );
  await untilEnded('full-backup', 'succeeded', 'shop', 1);
  await untilEnded('full-backup', 'failed', 'shop', 0);
  await untilEnded('full-backup', 'failed', 'nowhere', 1);
  await untilEnded('wal-cycle', 'succeeded', '', 1);
  const counted = 'holdfast_operation_size_bytes_sum{operation="full-backup", outcome="succeeded"}';
  await untilIs(`${counted} - on (cluster, database) holdfast_backup_last_size_bytes${shop}`, 0);
  await untilAtLeast(`holdfast_backup_age_seconds${shop} < 3600`, 0);
  await untilIs('holdfast_backup_age_limit_seconds', 3600);
  await untilIs(`holdfast_drill_proven${shop}`, 1);
  await untilAbove(`holdfast_drill_duration_seconds${shop}`, 0);
  await untilAbove(`holdfast_drill_size_bytes${shop}`, 1_000_000);
  await untilAbove('holdfast_recoverable_to_timestamp_seconds <= time()', 0);
  await untilFiring('HoldfastOperationFailed', { database: 'nowhere', operation: 'full-backup' });
  // A worker that could not answer at once is told of for a moment, since no rule waits here; nothing else is.
  await vi.waitFor(async () => {
    // This machine's own disk may be full.
    const others = (await prometheus.firing()).filter(({ name }) => !/Disk|Fit/.test(name));
    expect(others.map(({ name }) => name)).toEqual(['HoldfastOperationFailed']);
  }, patience);
});

/** What there is nothing of in this scene. */
const mayBeEmpty = [
  'Full on, by the size of a day',
  'Full on, by the last day',
  'Last backup against the usual size',
];

test('every query of the dashboard finds something, and every rule can be evaluated', async () => {
  const queries = await dashboardQueries();
  expect(queries.length).toBeGreaterThan(30);
  // Rates need two scrapes.
  await untilAbove('count_over_time(holdfast_build_info[1m])', 3);
  for (const { panel, expression } of queries) {
    const isFound = async () => {
      const found = await prometheus.query(expression);
      if (!mayBeEmpty.some((title) => panel.startsWith(title)))
        expect(found, `${panel}: ${expression}`).not.toEqual([]);
    };
    await vi.waitFor(isFound, patience);
  }
  for (const { expr } of await alertRules()) await prometheus.query(expr);
});

test('every metric is served with what it means, and stands in the docs; labels have true names', async () => {
  const text = await scrape();
  const docs = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const catalogue = { ...gauges, ...counters, ...histograms };
  const served = [...text.matchAll(/^# HELP (holdfast_\w+) (.*)$/gm)].map(([, name, help]) => [name, help]);
  expect(served.sort()).toEqual(
    Object.entries(catalogue)
      .map(([name, { help }]) => [name, help])
      .sort(),
  );
  const documented = [...docs.matchAll(/^\| `(holdfast_\w+)` \| ([\w, ]*) \| (.*) \|$/gm)];
  expect(documented.map(([, name, labels, help]) => [name, labels, help])).toEqual(
    Object.entries(catalogue).map(([name, { labels, help }]) => [name, labels.join(', '), help]),
  );
  expect(text).toMatch(/^temporal_worker_task_slots_available\{/m);
  expect(text).toMatch(/^holdfast_build_info\{version="\d/m);
});

test('a command that works by itself is remembered by the worker, who does not count it', async () => {
  const shop = 'operation="full-backup", outcome="succeeded", database="shop"';
  const lastEnd = `holdfast_operation_last_end_timestamp_seconds{${shop}}`;
  const before = (await untilAbove(lastEnd, 0)) ?? 0;
  const alone = await place.start(['backup', 'shop'], { HOLDFAST_HOST: 'alone' });
  expect(alone.exitCode, alone.stderr).toBe(0);
  await untilAbove(lastEnd, before);
  await untilIs(`holdfast_operations_total{${shop}}`, 1);
});

test('a worker that never reached Temporal serves metrics, with what was remembered, and stops when told', async () => {
  const listen = `127.0.0.1:${await lastingPort()}`;
  const waiting = place.start(['worker', '--metrics', listen], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
  let told = '';
  waiting.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  const read = async () => (await fetch(`http://${listen}/metrics`)).text();
  const text = await vi.waitFor(read, patience);
  expect(text).toMatch(/^holdfast_temporal_up 0$/m);
  expect(text).toMatch(/^holdfast_backup_age_seconds\{cluster="default",database="shop"\} \d/m);
  expect(text).toMatch(/^holdfast_operation_last_end_timestamp_seconds\{.*"nowhere".*"failed".* \d/m);
  expect((await fetch(`http://${listen}/`)).status).toBe(404);
  expect((await fetch(`http://${listen}/metrics`, { method: 'POST' })).status).toBe(405);
  await expect.poll(() => told, patience).toMatch(/connect to Temporal at 127\.0\.0\.1:1: .*; trying again/);
  waiting.kill('SIGTERM');
  expect(await waiting).toMatchObject({ exitCode: 0 });
});

test('another worker is told clearly that somebody listens there', async () => {
  const end = await place.run('worker', '--metrics', address);
  expect(end.exitCode).toBe(2);
  expect(end.stderr).toContain(`serve metrics at ${address}: another program listens there`);
});

test('with Temporal and PostgreSQL killed, Prometheus fires on the age of a backup', async () => {
  await place.temporal.kill9();
  await cluster.stop('immediate');
  await untilIs('holdfast_temporal_up', 0);
  // Only now is there anything old: what is told of it was found out without them.
  const old = await createRepository();
  await old.add('ledger', new Date(Date.now() - 2 * 60 * 60 * 1000));
  await cp(old.root, place.env.BACKUP_DIR ?? '', { recursive: true, preserveTimestamps: true });
  await old[Symbol.asyncDispose]();
  await untilFiring('HoldfastBackupTooOld', { database: 'ledger', cluster: 'default' });
  await untilFiring('HoldfastTemporalDown');
  expect(await prometheus.query('holdfast_approvals_waiting')).toEqual([]);
});

test('with everything killed, Prometheus fires on absence', async () => {
  place.worker.kill('SIGKILL');
  await place.worker;
  await untilFiring('HoldfastAbsent');
  await untilFiring('HoldfastDown');
});
