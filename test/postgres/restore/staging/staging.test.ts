import { statfs } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatabaseProperties } from '../../../../src/domain/backup/metadata.js';
import { parseMark } from '../../../../src/domain/restore/database-mark.js';
import { inspectDatabase } from '../../../../src/postgres/inspect/database.js';
import { applyMissingRoles } from '../../../../src/postgres/restore/load/apply-globals.js';
import { missingExtensions } from '../../../../src/postgres/restore/load/missing-extensions.js';
import {
  missingRoles,
  referencedRolesQuery,
  rolesOfProperties,
} from '../../../../src/postgres/restore/load/missing-roles.js';
import { applySettings } from '../../../../src/postgres/restore/staging/apply-settings.js';
import { createStatement } from '../../../../src/postgres/restore/staging/clauses.js';
import { createStaging } from '../../../../src/postgres/restore/staging/create.js';
import { sealStaging } from '../../../../src/postgres/restore/staging/seal.js';
import { readServerSpace } from '../../../../src/postgres/restore/staging/server-space.js';
import { readTargetState } from '../../../../src/postgres/restore/swap/target-state.js';
import { type Cluster, startCluster } from '../../../support/cluster.js';
import {
  commentOf,
  contentOf,
  createWith,
  databasesOf,
  oidOf,
  prepareSwap,
  query,
  settings,
} from '../swap/swap-support.js';

let cluster: Cluster;

const properties: DatabaseProperties = {
  owner: 'postgres',
  encoding: 'UTF8',
  collate: 'C.UTF-8',
  ctype: 'C.UTF-8',
  locale_provider: 'c',
  locale: null,
  icu_rules: null,
  tablespace: 'pg_default',
  connection_limit: -1,
  is_template: false,
  comment: null,
  settings: [],
  grants: null,
  extensions: [],
};

const order = (name: string) => ({ ...properties, name, target: 'shop', runId: 'run-1' });

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.psql('CREATE ROLE app LOGIN; CREATE ROLE maker LOGIN CREATEDB');
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('until the swap a superuser’s staging database lets no other role in', async () => {
  const { name } = await createStaging(settings(cluster), order('quiet'));
  expect(parseMark(await commentOf(cluster, name))).toEqual({
    kind: 'staging',
    target: 'shop',
    runId: 'run-1',
    comment: null,
  });
  await expect(inspectDatabase({ ...settings(cluster), user: 'app' }, name)).rejects.toThrow(
    /too many connections/,
  );
  expect((await inspectDatabase(settings(cluster), name)).properties.grants).toBeNull();
});

test('until the swap the staging database of a role that may only create databases lets no third role in', async () => {
  const asMaker = { ...settings(cluster), user: 'maker' };
  const created = await createStaging(asMaker, { ...order('made'), owner: 'maker' });
  await expect(inspectDatabase({ ...settings(cluster), user: 'app' }, 'made')).rejects.toThrow(
    /permission denied/,
  );
  expect((await inspectDatabase(asMaker, 'made')).properties.owner).toBe('maker');
  const staging = { ...created, target: 'shop' };
  expect(await sealStaging(asMaker, staging, { ...properties, owner: 'maker' })).toEqual([]);
  await cluster.psql('ALTER DATABASE made ALLOW_CONNECTIONS true');
  const rows = await query(
    cluster,
    'postgres',
    "SELECT has_database_privilege('app', 'made', 'CONNECT')::text AS may",
  );
  expect(rows[0]?.may).toBe('true');
});

test('a sealed database can’t be entered, and sealing it again changes nothing', async () => {
  const { name, oid } = await createStaging(settings(cluster), order('sealed'));
  for (let times = 1; times <= 2; times++) {
    await sealStaging(
      settings(cluster),
      { name, oid, target: 'shop' },
      { ...properties, grants: ['app=c/postgres', 'postgres=CTc/postgres'] },
    );
    await expect(contentOf(cluster, name)).rejects.toMatchObject({ code: '55000' });
  }
  const acl = await cluster.psql("SELECT datacl FROM pg_database WHERE datname = 'sealed'");
  expect(acl).toBe('{app=c/postgres,postgres=CTc/postgres}');
});

test('what an earlier attempt of the same run left is replaced', async () => {
  const first = await createStaging(settings(cluster), order('again'));
  await query(cluster, 'again', 'CREATE TABLE half_loaded ()');
  const second = await createStaging(settings(cluster), order('again'));
  expect(second.oid).not.toBe(first.oid);
  expect(await query(cluster, 'again', "SELECT 1 FROM pg_class WHERE relname = 'half_loaded'")).toEqual([]);
});

test('what a crash left between creating and marking is replaced: nobody can have been in it', async () => {
  await cluster.psql(createStatement({ ...properties, name: 'crashed' }, 15));
  await createStaging(settings(cluster), order('crashed'));
  expect(parseMark(await commentOf(cluster, 'crashed'))?.kind).toBe('staging');
});

test('a database that somebody else made is never dropped for a staging database', async () => {
  await createWith(cluster, 'somebodys', 'mine');
  await expect(createStaging(settings(cluster), order('somebodys'))).rejects.toMatchObject({
    type: 'DropRefused',
  });
  await createStaging(settings(cluster), order('of_run_1'));
  const otherRun = createStaging(settings(cluster), { ...order('of_run_1'), runId: 'run-2' });
  await expect(otherRun).rejects.toMatchObject({ type: 'DropRefused' });
  expect(await contentOf(cluster, 'somebodys')).toBe('mine');
});

test('a locale or provider that the server has not is told before anything is loaded', async () => {
  const missing = createStaging(settings(cluster), { ...order('odd'), collate: 'xx_YY.UTF-8' });
  await expect(missing).rejects.toMatchObject({ type: 'ServerLacksFeature', exitCode: 2 });
  const builtin = createStaging(settings(cluster), {
    ...order('odd'),
    locale_provider: 'b',
    locale: 'C.UTF-8',
  });
  await expect(builtin).rejects.toThrow(/PostgreSQL has since 17, and the server is 15/);
  const rules = { ...order('odd'), locale_provider: 'i', locale: 'de', icu_rules: '&a < g' };
  await expect(createStaging(settings(cluster), rules)).rejects.toThrow(/since 16/);
  expect(await databasesOf(cluster)).not.toHaveProperty('odd');
});

test('ICU rules are given to servers that know them', () => {
  const icu = { ...properties, name: 'x', locale_provider: 'i', locale: 'de', icu_rules: "&a < 'g'" };
  expect(createStatement(icu, 16)).toContain("LOCALE_PROVIDER icu icu_LOCALE 'de' ICU_RULES '&a < ''g'''");
});

test('a tablespace that is not there is told, and the default taken', async () => {
  const { warnings } = await createStaging(settings(cluster), { ...order('spaced'), tablespace: 'fast' });
  expect(warnings).toEqual([expect.stringMatching(/tablespace "fast" does not exist/)]);
});

test('settings that the server refuses are told in its words, and the others made', async () => {
  const { name, oid } = await createStaging(settings(cluster), order('odd_settings'));
  const warnings = await applySettings(
    settings(cluster),
    { name, oid, target: 'shop' },
    {
      settings: [
        { role: null, setting: 'vacuum_defer_everything=on' },
        { role: 'ghost', setting: 'work_mem=1MB' },
        { role: null, setting: 'work_mem=1MB' },
      ],
    },
  );
  expect(warnings).toEqual([
    expect.stringMatching(
      /"vacuum_defer_everything=on" is not restored: unrecognized configuration parameter/,
    ),
    expect.stringMatching(/role "ghost" does not exist/),
  ]);
  expect((await inspectDatabase(settings(cluster), name)).properties.settings).toEqual([
    { role: null, setting: 'work_mem=1MB' },
  ]);
});

test('roles and extensions that the server lacks are named', async () => {
  const needing = {
    ...properties,
    owner: 'owner "x"',
    settings: [{ role: 'app', setting: 'work_mem=1MB' }],
    grants: ['=c/postgres', 'reader=c/grantor', 'app=c/postgres'],
  };
  expect(await missingRoles(settings(cluster), rolesOfProperties(needing))).toEqual([
    'grantor',
    'owner "x"',
    'reader',
  ]);
  const extension = (name: string) => ({ name, version: '1.0', schema: 'public' });
  expect(await missingExtensions(settings(cluster), ['plpgsql', 'postgiss', 'a "b'].map(extension))).toEqual([
    'a "b',
    'postgiss',
  ]);
});

test('the roles that a dump of a database names are known from pg_shdepend', async () => {
  await createWith(cluster, 'roles', 'x');
  await cluster.psql('CREATE ROLE o1; CREATE ROLE g1; CREATE ROLE p1; CREATE ROLE none1');
  await query(
    cluster,
    'roles',
    'CREATE TABLE t (); ALTER TABLE t OWNER TO o1; GRANT SELECT ON t TO g1; CREATE POLICY p ON t TO p1',
  );
  expect((await query(cluster, 'roles', referencedRolesQuery)).map((row) => row.role)).toEqual([
    'g1',
    'o1',
    'p1',
  ]);
});

test('missing roles are created from the globals of another cluster, and roles that exist stay as they are', async () => {
  await using other = await startCluster();
  await other.psql(`CREATE ROLE app LOGIN SUPERUSER; CREATE ROLE "Odd; ""one""" LOGIN PASSWORD 'canary';
    CREATE ROLE crew; GRANT crew TO "Odd; ""one""" WITH ADMIN OPTION; GRANT crew TO app; ALTER ROLE crew SET work_mem = '5MB'`);
  const { stdout: globals } = await execa(`${other.binDir}/pg_dumpall`, ['--globals-only'], {
    env: other.env,
  });
  const applied = await applyMissingRoles(settings(cluster), globals, ['app', 'Odd; "one"', 'ghost']);
  expect(applied).toEqual({ created: ['Odd; "one"', 'crew'], superusers: [], unknown: ['ghost'] });
  const state = (where: Cluster) =>
    where.psql(`SELECT a.rolname, a.rolsuper, a.rolcanlogin, a.rolpassword, r.rolconfig
      FROM pg_authid a JOIN pg_roles r ON r.oid = a.oid WHERE a.rolname IN ('Odd; "one"', 'crew') ORDER BY 1`);
  expect(await state(cluster)).toBe(await state(other));
  expect(await cluster.psql("SELECT rolsuper FROM pg_roles WHERE rolname = 'app'")).toBe('f');
  expect(await cluster.psql("SELECT count(*) FROM pg_auth_members WHERE roleid = 'crew'::regrole")).toBe('1');
  expect(await applyMissingRoles(settings(cluster), globals, ['app', 'crew'])).toMatchObject({ created: [] });
});

test('the target’s state tells what is there, what belongs to it and what was cut short', async () => {
  const missing = await readTargetState(settings(cluster), 'nowhere');
  expect(missing).toMatchObject({ database: null, marked: [], serverMajor: 15 });
  expect(missing.systemIdentifier).toMatch(/^\d+$/);
  const swap = await prepareSwap(cluster, 'state');
  await createWith(cluster, 'state__before_by_hand', 'mine');
  await cluster.psql('ALTER DATABASE state ALLOW_CONNECTIONS false');
  const found = await readTargetState(settings(cluster), 'state');
  expect(found.database).toMatchObject({
    oid: await oidOf(cluster, 'state'),
    owner: 'postgres',
    sessions: 0,
    acceptsConnections: true,
  });
  expect(found.database?.sizeBytes).toBeGreaterThan(1_000_000);
  expect(found.marked).toEqual([
    expect.objectContaining({ ...swap.staging, kind: 'staging', runId: 'run-1' }),
  ]);
  expect(found.names).toContain('state__before_by_hand');
});

test('free space is that of the server’s own disk, and unknown to a role that may not see where it is', async () => {
  const found = await readServerSpace(settings(cluster), 'pg_default');
  const { blocks, bsize } = await statfs(cluster.dataDir);
  expect(found).toMatchObject({ path: cluster.dataDir });
  expect('freeBytes' in found && found.freeBytes).toBeGreaterThan(0);
  expect('freeBytes' in found && found.freeBytes).toBeLessThan(blocks * bsize);
  expect(await readServerSpace({ ...settings(cluster), user: 'app' }, 'pg_default')).toEqual({
    unknownBecause: expect.stringContaining('permission denied'),
  });
});

test('a server whose transactions only read by default takes a staging database and missing roles', async () => {
  await cluster.psql(
    'CREATE ROLE frozen SUPERUSER LOGIN; ALTER ROLE frozen SET default_transaction_read_only = on',
  );
  const frozen = { ...settings(cluster), user: 'frozen' };
  const { name, oid } = await createStaging(frozen, order('thawed'));
  const role = ['CREATE ROLE thawed;', 'ALTER ROLE thawed WITH NOLOGIN;'].join('\n');
  expect(await applyMissingRoles(frozen, role, ['thawed'])).toMatchObject({ created: ['thawed'] });
  expect(await sealStaging(frozen, { name, oid, target: 'shop' }, properties)).toEqual([]);
});
