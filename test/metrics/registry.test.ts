import { expect, test } from 'vitest';
import type { OperationEnd } from '../../src/domain/operation-end.js';
import { MetricsRegistry } from '../../src/metrics/registry.js';

const end: OperationEnd = {
  ...{ operation: 'full-backup', cluster: 'default', database: 'a"b\\c\nd', outcome: 'succeeded' },
  ...{ at: '2026-01-02T02:00:00.000Z', durationMs: 90_000, sizeBytes: 5_000_000 },
};

test('an operation counts by its outcome, the others are there with 0, and names stay true', async () => {
  const registry = new MetricsRegistry();
  registry.count(end);
  const text = await registry.text([]);
  const labels = 'cluster="default",operation="full-backup",database="a\\"b\\\\c\\nd"';
  expect(text).toContain(`holdfast_operations_total{${labels},outcome="succeeded"} 1`);
  expect(text).toContain(`holdfast_operations_total{${labels},outcome="failed"} 0`);
  expect(text).toContain(`holdfast_operation_duration_seconds_sum{${labels},outcome="succeeded"} 90`);
  expect(text).toContain(`holdfast_operation_size_bytes_sum{${labels},outcome="succeeded"} 5000000`);
});

test('what was told once is told no more when it is not known any more', async () => {
  const registry = new MetricsRegistry();
  const labels = { cluster: 'default' };
  await registry.text([{ name: 'holdfast_wal_gaps', labels, value: 3 }]);
  expect(await registry.text([])).not.toMatch(/^holdfast_wal_gaps\{/m);
});

test('after two thousand databases others are counted without their names', async () => {
  const registry = new MetricsRegistry();
  for (let index = 0; index < 2_100; index++) registry.count({ ...end, database: `d${index}` });
  const text = await registry.text([]);
  const counted = text.match(/^holdfast_operations_total\{.*outcome="succeeded"\} \d+$/gm) ?? [];
  expect(counted).toHaveLength(2_001);
  expect(counted).toContainEqual(expect.stringMatching(/database="",.* 100$/));
});
