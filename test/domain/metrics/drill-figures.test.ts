import { expect, test } from 'vitest';
import { drillFigures } from '../../../src/domain/metrics/drill-figures.js';

const proven = {
  ...{ at: '2026-01-01T04:00:00.000Z', ok: true, size_bytes: 5, total_seconds: 7, seconds_per_gb: 9 },
};
const failed = {
  ...{ at: '2026-02-01T04:00:00.000Z', ok: false, size_bytes: null, total_seconds: 3, seconds_per_gb: null },
};

test('a drill that fails is told, and what the last proven one took still is', () => {
  const figures = drillFigures('main', [{ database: 'shop', drills: [proven, failed] }]);
  const labels = { cluster: 'main', database: 'shop' };
  expect(figures).toEqual([
    { name: 'holdfast_drill_proven', labels, value: 0 },
    { name: 'holdfast_drill_last_success_timestamp_seconds', labels, value: 1_767_240_000 },
    { name: 'holdfast_drill_duration_seconds', labels, value: 7 },
    { name: 'holdfast_drill_size_bytes', labels, value: 5 },
    { name: 'holdfast_drill_seconds_per_gb', labels, value: 9 },
  ]);
});

test('a point in time has no database, and what was never proven no figures of it', () => {
  expect(drillFigures('main', [{ database: null, drills: [failed] }])).toEqual([
    { name: 'holdfast_drill_proven', labels: { cluster: 'main', database: '' }, value: 0 },
  ]);
  expect(drillFigures('main', [{ database: null, drills: [] }])).toEqual([]);
});
