import { expect, test } from 'vitest';
import type { ArchiverFacts } from '../../../src/domain/wal/archiving.js';
import { isArchiverStuck } from '../../../src/postgres/archiving/require-archiving.js';

const before: ArchiverFacts = {
  ...{
    archivedCount: 7,
    lastArchivedFile: '000000010000000000000006',
    lastArchivedAt: '2026-01-01T00:00:00Z',
  },
  ...{ failedCount: 40, lastFailedFile: null, lastFailedAt: null },
};

test.for([
  ['that has not failed', {}, false],
  ['that has failed with its three tries at once, as in a moment', { failedCount: 43 }, false],
  ['that has failed again after its pause', { failedCount: 44 }, true],
  ['that brings segments in between', { failedCount: 50, archivedCount: 8 }, false],
  ['whose statistics were reset', { failedCount: 0, archivedCount: 0 }, false],
] as const)('an archiver %s', ([, news, stuck]) => {
  expect(isArchiverStuck(before, { ...before, ...news })).toBe(stuck);
});
