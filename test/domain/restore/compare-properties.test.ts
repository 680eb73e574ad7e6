import { expect, test } from 'vitest';
import type { DatabaseProperties } from '../../../src/domain/backup/metadata.js';
import { compareProperties } from '../../../src/domain/restore/compare-properties.js';

const plain: DatabaseProperties = {
  ...{ owner: 'app', encoding: 'UTF8', collate: 'C', ctype: 'C' },
  ...{ locale_provider: 'c', locale: null, icu_rules: null, tablespace: 'pg_default' },
  ...{ connection_limit: -1, is_template: false, comment: null, settings: [], grants: null, extensions: [] },
};

const changes = (before: Partial<DatabaseProperties>, after: Partial<DatabaseProperties>) =>
  compareProperties({ ...plain, ...before }, { ...plain, ...after }).map((change) => Object.values(change));

test('the same properties are no change, however the default privileges are written', () => {
  expect(changes({}, {})).toEqual([]);
  expect(changes({}, { grants: ['=Tc/app', 'app=CTc/app'] })).toEqual([]);
  expect(changes({}, { extensions: [{ name: 'hstore', version: '1.8', schema: 'public' }] })).toEqual([]);
});

test('owner, locale, limit, template and comment are told as they are and become', () => {
  expect(
    changes(
      { owner: 'ann', connection_limit: 50, grants: [] },
      { locale_provider: 'i', locale: 'de', is_template: true, comment: 'the shop', grants: [] },
    ),
  ).toEqual([
    ['owner', 'ann', 'app'],
    ['locale', 'libc', 'icu de'],
    ['connection limit', '50', 'none'],
    ['template', 'no', 'yes'],
    ['comment', '–', 'the shop'],
  ]);
});

test('settings are told by name and role, and the values of those that may be secrets are not', () => {
  const of = (role: string | null, setting: string) => ({ role, setting });
  expect(
    changes(
      { settings: [of(null, 'work_mem=64MB'), of('ann', 'search_path=a, b'), of(null, 'app.key=hunter2')] },
      { settings: [of(null, 'work_mem=8MB'), of(null, 'jit=off'), of(null, 'app.key=hunter3')] },
    ),
  ).toEqual([
    ['setting work_mem', '64MB', '8MB'],
    ['setting search_path of "ann"', 'a, b', '–'],
    ['setting app.key', '(a value)', '(a value)'],
    ['setting jit', '–', 'off'],
  ]);
});

test('privileges are told for each role, whoever granted them', () => {
  expect(
    changes(
      { grants: ['=Tc/app', 'app=CTc/app', 'ann=c*/app', 'ann=T/bob'] },
      { grants: ['app=CTc/app', 'ann=c/app'] },
    ),
  ).toEqual([
    ['privileges of PUBLIC', 'CONNECT, TEMPORARY', '–'],
    ['privileges of "ann"', 'CONNECT (grantable), TEMPORARY', 'CONNECT'],
  ]);
});
