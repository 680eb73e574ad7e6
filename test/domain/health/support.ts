import type { DatabaseBackups, HealthFacts } from '../../../src/domain/health/facts.js';

const gb = 1024 ** 3;

/** A database that is well looked after. */
export const goodDatabase: DatabaseBackups = {
  ...{ database: 'shop', configured: true, onServer: true, total: 5, recent: 5, future: 0 },
  newest: { id: 'shop_full_20260110_020000', takenAt: '2026-01-10T02:00:00.000Z', sizeBytes: 1000 },
  ...{ earlierSizesBytes: [1000, 990, 1010], flaws: [], flawCount: 0 },
};

/** Facts about which there is nothing to complain. */
export const goodFacts: HealthFacts = {
  ...{ cluster: 'default', host: 'db1', observedAt: '2026-01-10T12:00:00.000Z' },
  settings: {
    ...{ maxBackupAgeHours: 25, minDiskSpaceGb: 10, retentionDays: 30 },
    ...{ verifyWithinDays: 14, maxWalAgeHours: 2 },
  },
  repository: { path: '/data', state: 'present', why: '', remedy: '' },
  disk: { freeBytes: 500 * gb, totalBytes: 1000 * gb, catalogueBytes: 5000, dailyBytes: 1000 },
  integrity: { flaws: [], flawCount: 0, backups: 5, sizeBytes: 5000, overdue: 0, unseen: 0 },
  wal: {
    ...{ unknownBecause: '', hasBase: true, newestWrittenAt: '2026-01-10T11:30:00.000Z', gaps: 0 },
    ...{ baseCount: 1, newestBaseAt: '2026-01-09T03:00:00.000Z' },
    recoverable: { from: '2026-01-09T03:00:00.000Z', to: '2026-01-10T11:30:00.000Z' },
    ...{ firstGap: '', needsBase: false, flawCount: 0, firstFlaw: '' },
    server: { archives: true, failing: null, waiting: 0, openBytes: 0 },
  },
  databases: [goodDatabase],
  ...{ isFirstPage: true, next: null, serverUnknownBecause: '' },
};
