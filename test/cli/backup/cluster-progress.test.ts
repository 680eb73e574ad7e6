import { expect, test } from 'vitest';
import { clusterProgress } from '../../../src/cli/backup/cluster-progress.js';

test('before its databases are known nothing is told', () => {
  expect(clusterProgress({ total: 0, done: 0, failed: 0, running: [] })).toBeUndefined();
});

test('what is done, has failed and runs is counted; of what runs a few are named', () => {
  expect(clusterProgress({ total: 9, done: 3, failed: 1, running: ['a', 'b', 'c', 'd', 'e', 'f'] })).toBe(
    '3 of 9 databases done, 1 failed, 6 running: a, b, c, d, 2 more',
  );
  expect(clusterProgress({ total: 1, done: 1, failed: 0, running: [] })).toBe('1 of 1 database done');
});
