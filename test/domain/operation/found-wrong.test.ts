import { expect, test } from 'vitest';
import { foundWrong } from '../../../src/domain/operation/found-wrong.js';

const error = { type: 'RoleMissing', message: 'restore "crm": the server has no role "ann"' };
const gap = { firstMissing: '000000010000000000000003', lastMissing: '000000010000000000000004' };
const archive = {
  gaps: { items: [gap], total: 1 },
  damaged: { items: [], total: 0 },
  foreign: { items: [], total: 0 },
};
const finding = { state: 'critical', database: 'shop', message: 'the newest backup is 30 h old' };

test.for<[string, object, string | null]>([
  [
    'drillCluster',
    {
      totals: { drilled: 3, failed: 1 },
      outcomes: [
        { database: 'shop', error: null },
        { database: null, error },
      ],
    },
    `1 of 3 restores failed, as point in time: ${error.message}`,
  ],
  ['drillCluster', { totals: { drilled: 1, failed: 0 }, outcomes: [{ database: 'a', error: null }] }, null],
  [
    'backUpCluster',
    { total: 2, failed: 1, entries: [{ database: 'shop' }, { database: 'crm', error }] },
    `1 of 2 databases failed, as crm: ${error.message}`,
  ],
  [
    'monitorBackups',
    { counts: { critical: 2 }, findings: [finding] },
    '2 critical, as shop: the newest backup is 30 h old',
  ],
  [
    'monitorBackups',
    { counts: { critical: 1 }, findings: [{ ...finding, database: '' }] },
    '1 critical, as the newest backup is 30 h old',
  ],
  [
    'walCycle',
    { archive },
    `the WAL archive is not whole: 1 gap, the first from ${gap.firstMissing} to ${gap.lastMissing}`,
  ],
  ['fullBackup', {}, null],
])('a run of %s that came to its end tells what it found wrong', ([type, result, words]) => {
  expect(foundWrong(type, result)).toBe(words);
});
