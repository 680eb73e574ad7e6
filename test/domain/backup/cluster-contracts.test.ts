import { expect, test } from 'vitest';
import { isIncluded } from '../../../src/domain/backup/cluster-contracts.js';

test.each([
  ['shop', {}, true],
  ['shop', { include: ['sho?'] }, true],
  ['shop_eu', { include: ['sho?'] }, false],
  ['shop_eu', { include: ['crm', 'shop*'] }, true],
  ['shop_eu', { include: ['shop*'], exclude: ['*_eu'] }, false],
  ['a.b', { include: ['a?b'], exclude: ['a+b'] }, true],
  ['axb', { include: ['a.b'] }, false],
  ['[x]', { include: ['[x]'] }, true],
  ['two\nlines', { include: ['two*'] }, true],
  ['Shop', { include: ['shop'] }, false],
])('%j is taken by %j: %j', (database, patterns, expected) => {
  expect(isIncluded(database, patterns)).toBe(expected);
});
