import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BackupSummary } from '../../../src/domain/backup/metadata.js';
import { estimateArtifactBytes } from '../../../src/domain/backup/space.js';

function backup(day: number, sizeBytes: number, databaseSizeBytes: number | null): BackupSummary {
  return {
    id: `shop_full_202503${String(day).padStart(2, '0')}_000000`,
    cluster: 'default',
    database: 'shop',
    takenAt: new Date(Date.UTC(2025, 2, day)).toISOString(),
    sizeBytes,
    durationSeconds: 1,
    compression: 'gzip',
    checksum: '',
    verifiedAt: null,
    pgVersion: '15',
    file: '',
    databaseSizeBytes,
    uncompressedBytes: null,
  };
}

describe('estimateArtifactBytes', () => {
  test('is unknown without a history', () => {
    expect(estimateArtifactBytes([], 1000)).toBeUndefined();
  });

  test('scales the last backup by the growth of the database and adds 20 %', () => {
    expect(estimateArtifactBytes([backup(1, 100, 1000)], 1000)).toBe(120);
    expect(estimateArtifactBytes([backup(1, 100, 1000)], 3000)).toBe(360);
  });

  test('takes the size as it is where the size of the database then is unknown', () => {
    expect(estimateArtifactBytes([backup(1, 100, null)], 3000)).toBe(120);
  });

  test('looks at the largest of the three newest, in whatever order they come', () => {
    const backups = [backup(1, 900, 1000), backup(2, 100, 1000), backup(4, 50, 1000), backup(3, 200, 1000)];
    expect(estimateArtifactBytes(backups, 1000)).toBe(240);
  });

  test('grows with the database and is never less than the newest backup of a database of that size', () => {
    const size = fc.integer({ min: 1, max: 2 ** 40 });
    fc.assert(
      fc.property(size, size, size, (stored, then, now) => {
        const last = [backup(1, stored, then)];
        const estimate = estimateArtifactBytes(last, now) ?? 0;
        expect(estimateArtifactBytes(last, now * 2) ?? 0).toBeGreaterThanOrEqual(estimate);
        expect(estimateArtifactBytes(last, then) ?? 0).toBeGreaterThanOrEqual(stored);
      }),
    );
  });
});
