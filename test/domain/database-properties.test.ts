import { expect, test } from 'vitest';
import { parseDatabaseAcl } from '../../src/domain/acl.js';
import { planMissingRoles } from '../../src/domain/backup/globals.js';
import { parseSetting } from '../../src/domain/setting-list.js';

test.for<[string, string, string[]]>([
  ['work_mem=7MB', 'work_mem', ['7MB']],
  ['my.setting=a=b, "c"', 'my.setting', ['a=b, "c"']],
  ['search_path="$user", public', 'search_path', ['$user', 'public']],
  ['search_path=app', 'search_path', ['app']],
  ['search_path=""', 'search_path', ['']],
  ['search_path=', 'search_path', ['']],
  ['search_path="a, ""b""", c', 'search_path', ['a, "b"', 'c']],
])('the setting %s is %s with the values %j', ([setting, name, values]) => {
  expect(parseSetting(setting)).toEqual({ name, values });
});

test('a text without a name is no setting', () => {
  expect(parseSetting('=x')).toBeUndefined();
  expect(parseSetting('x')).toBeUndefined();
});

test('an access control entry names grantee, privileges with their grant options, and grantor', () => {
  expect(parseDatabaseAcl('"Ann ""A"""=C*Tc/postgres')).toEqual({
    grantee: 'Ann "A"',
    grantor: 'postgres',
    privileges: [
      { name: 'CREATE', grantable: true },
      { name: 'TEMPORARY', grantable: false },
      { name: 'CONNECT', grantable: false },
    ],
  });
  expect(parseDatabaseAcl('=c/"a=b/c"')).toMatchObject({ grantee: null, grantor: 'a=b/c' });
  expect(parseDatabaseAcl('bob=r/ann')).toBeUndefined();
  expect(parseDatabaseAcl('bob')).toBeUndefined();
});

const globals = `
--
-- Roles
--
\\restrict abc
CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS PASSWORD 'SCRAM-SHA-256$4096:x;y';
CREATE ROLE "Bo;b ""x""";
ALTER ROLE "Bo;b ""x""" WITH SUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE app IS 'first;
CREATE ROLE trap;
';
ALTER ROLE app SET search_path TO 'a', 'b;c';
CREATE ROLE readers;
ALTER ROLE readers WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER;
GRANT readers TO app WITH ADMIN OPTION GRANTED BY postgres;
GRANT readers TO postgres GRANTED BY postgres;
GRANT postgres TO "Bo;b ""x""" WITH INHERIT TRUE GRANTED BY postgres;
CREATE TABLESPACE fast OWNER app LOCATION '/x';
`;

test('missing roles come back with attributes, settings and memberships, and nothing else is touched', () => {
  const plan = planMissingRoles(globals, ['app', 'postgres', 'ghost'], new Set(['postgres']));
  expect(plan).toEqual({
    created: ['app', 'readers'],
    superusers: [],
    unknown: ['ghost'],
    statements: [
      'CREATE ROLE app',
      'CREATE ROLE readers',
      expect.stringMatching(/^ALTER ROLE app WITH .* PASSWORD 'SCRAM-SHA-256\$4096:x;y'$/),
      "ALTER ROLE app SET search_path TO 'a', 'b;c'",
      expect.stringMatching(/^ALTER ROLE readers WITH /),
      'GRANT readers TO app WITH ADMIN OPTION',
    ],
  });
});

test('a superuser that comes back is named', () => {
  const plan = planMissingRoles(globals, ['Bo;b "x"'], new Set(['postgres']));
  expect(plan).toMatchObject({ created: ['Bo;b "x"'], superusers: ['Bo;b "x"'] });
  expect(plan.statements.at(-1)).toBe('GRANT postgres TO "Bo;b ""x""" WITH INHERIT TRUE');
});

test('nothing is done when every role is there', () => {
  expect(planMissingRoles(globals, ['app'], new Set(['app', 'postgres'])).statements).toEqual([]);
});

test('text inside a comment or a literal is no statement', () => {
  expect(planMissingRoles(globals, ['trap'], new Set()).unknown).toEqual(['trap']);
});
