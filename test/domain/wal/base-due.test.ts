import { expect, test } from 'vitest';
import { type BaseDueQuestion, whyBaseDue } from '../../../src/domain/wal/base-due.js';

const now = new Date('2026-03-10T12:00:00Z');
const base = (id: string, stoppedAt: string, verifiedAt: string | null = stoppedAt) => ({
  ...{ id, stoppedAt, verifiedAt, tablespaces: [{ oid: 16400, name: 'fast', path: '/fast' }] },
});
const young = base('base_young', '2026-03-09T12:00:00Z');
const why = (bases: BaseDueQuestion['bases'], more: Partial<BaseDueQuestion> = {}) =>
  whyBaseDue({
    ...{ bases, archive: { needsBase: false }, tablespaces: [], now, baseBackupDays: 7, forced: false },
    ...more,
  });

test.each<[string, BaseDueQuestion['bases'], string | null]>([
  ['none', [], 'there is none'],
  ['a young one', [young], null],
  ['one of the very age', [base('base_old', '2026-03-03T12:00:00Z')], 'base_old is 7 days old'],
  ['an old one listed after a young one', [base('base_old', '2026-01-01T00:00:00Z'), young], null],
  ['one that was never verified', [base('base_x', '2026-03-09T12:00:00Z', null)], 'there is none'],
  ['one dated in the future', [base('base_x', '2027-01-01T00:00:00Z')], 'there is none'],
  ['one without a readable date', [base('base_x', 'yesterday')], 'there is none'],
])('where there is %s, a base backup is due or not', (_, bases, expected) => {
  expect(why(bases)).toBe(expected);
});

test('a young one does not help where WAL is missing since, or another is asked for', () => {
  expect(why([young], { archive: { needsBase: true } })).toBe('WAL is missing since base_young');
  expect(why([young], { forced: true })).toBe('it was asked for');
});

test('a tablespace that the newest base backup does not know has another taken; one that is gone does not', () => {
  const fast = { oid: 16400, name: 'fast' };
  expect(why([young], { tablespaces: [] })).toBeNull();
  expect(why([young], { tablespaces: [fast] })).toBeNull();
  expect(why([young], { tablespaces: [fast, { oid: 16500, name: 'more space' }] })).toBe(
    'the tablespace "more space" is younger than base_young',
  );
});
