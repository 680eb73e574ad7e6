import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { counters, gauges, histograms } from '../../src/domain/metrics/catalogue.js';
import { alertRules, dashboardQueries } from '../support/dashboard.js';
import { prometheusBinDir } from '../support/prometheus-binaries.js';

const cases = ['holdfast.rules.test.yml', 'holdfast.rules.weeks.test.yml'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);
const example = fileURLToPath(new URL('../../deploy/prometheus/prometheus.yml', import.meta.url));

async function promtool(...args: string[]): Promise<void> {
  const { exitCode, all } = await execa(join(await prometheusBinDir(), 'promtool'), args, {
    all: true,
    reject: false,
  });
  expect(exitCode, all).toBe(0);
}

test('every alert fires when it should, and not when all is well', async () => {
  await promtool('test', 'rules', ...cases);
  const text = (await Promise.all(cases.map((path) => readFile(path, 'utf8')))).join('\n');
  for (const { alert } of await alertRules()) expect(text).toContain(`alertname="${alert}"`);
});

test('the example of Prometheus’s settings is right, and has the rules', async () => {
  await promtool('check', 'config', example);
  expect(await readFile(example, 'utf8')).toMatch(/^rule_files:\n {2}- holdfast\.rules\.yml$/m);
});

test('rules and dashboard ask only for metrics that there are', async () => {
  const series = Object.keys(histograms).flatMap((name) => [
    `${name}_bucket`,
    `${name}_sum`,
    `${name}_count`,
  ]);
  const known = new Set([...Object.keys({ ...gauges, ...counters }), ...series]);
  const asked = [
    ...(await alertRules()).map(({ expr }) => expr),
    ...(await dashboardQueries()).map(({ expression }) => expression),
  ].flatMap((expression) => expression.match(/holdfast_\w+/g) ?? []);
  expect(asked.length).toBeGreaterThan(50);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});

test('every alert says what to do, and how urgent it is', async () => {
  for (const { alert, annotations, labels } of await alertRules()) {
    expect(['critical', 'warning'], alert).toContain(labels.severity);
    expect(annotations.summary, alert).not.toBe('');
    expect(annotations.description.length, alert).toBeGreaterThan(20);
  }
});
