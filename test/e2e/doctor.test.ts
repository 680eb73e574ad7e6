import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/domain/doctor/diagnosis.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { createServedWorkplace } from '../support/served-workplace.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ version: 16 });
  await cluster.createDatabase('shop');
  await cluster.psql(
    `CREATE TABLE open (id int); GRANT SELECT ON open TO PUBLIC; CREATE TABLE "Closed" (id int);
     CREATE TABLE guarded (id int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
     SELECT lo_from_bytea(0, 'x'); CREATE ROLE weak LOGIN`,
    'shop',
  );
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

// Temporal is where nobody listens: what is asked here is PostgreSQL and this machine.
const workplace = (env: Record<string, string> = {}) =>
  createWorkplace({
    ...cluster.env,
    ...{ PG_BIN_DIR: cluster.binDir, MIN_DISK_SPACE_GB: '0', TEMPORAL_ADDRESS: '127.0.0.1:1' },
    ...env,
  });

async function examine(
  place: Workplace,
): Promise<{ exitCode: number | undefined; told: Map<string, Diagnosis> }> {
  const { exitCode, stdout, stderr } = await place.run('--json', 'doctor');
  expect(stderr).toBe('');
  const told = (JSON.parse(stdout) as Diagnosis[]).map((one): [string, Diagnosis] => [one.check, one]);
  return { exitCode, told: new Map(told) };
}

test('a superuser on a good machine: every check of PostgreSQL is fine, and lines say so', async () => {
  await using place = await workplace({ RETENTION_DAY: '3' });
  const { exitCode, stdout } = await place.run('doctor');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/✗ temporal: CRITICAL +connect to Temporal at 127\.0\.0\.1:1/);
  expect(stdout).toMatch(
    /! settings: WARNING +RETENTION_DAY \(environment\) is no setting: did you mean RETENTION_DAYS\?/,
  );
  for (const check of ['connection', 'client tools', 'clock', 'dump role', 'restore role', 'repository'])
    expect(stdout).toContain(`✓ ${check}: OK`);
  expect(stdout).toContain('- archiving: not applicable');
  expect(stdout).toContain('holdfast wal setup default --apply');
});

test('a role without privileges: what it lacks is told with the SQL that mends it, one after the other', async () => {
  await using place = await workplace({ PGUSER: 'weak' });
  for (const [words, remedy] of [
    ['can not read 2 tables of database shop, as public."Closed"', 'GRANT pg_read_all_data TO weak;'],
    [
      'row security keeps rows of 1 table of database shop from weak, as of public.guarded',
      'ALTER ROLE weak BYPASSRLS;',
    ],
  ] as const) {
    const { exitCode, told } = await examine(place);
    expect(exitCode).toBe(4);
    expect(told.get('dump role')).toMatchObject({ state: 'critical', failsAs: 'DumpFailed', remedy });
    expect(told.get('dump role')?.found).toContain(words);
    await cluster.psql(remedy);
  }
  const large = (await examine(place)).told.get('dump role');
  expect(large?.found).toContain('can not read 1 large object of database shop');
  await cluster.psql(large?.remedy ?? '');
  const { exitCode, told } = await examine(place);
  expect(told.get('dump role')).toMatchObject({ state: 'ok', found: 'weak can read all of 2 databases' });
  expect(told.get('restore role')?.remedy).toContain('ALTER ROLE weak CREATEDB;');
  expect(told.get('replication role')?.remedy).toContain('ALTER ROLE weak REPLICATION;');
  // Temporal alone is left.
  expect(exitCode).toBe(1);
});

test('client programs older than the server, and those of an incomplete package, are told', async () => {
  await using place = await workplace();
  const folder = join(place.folder, 'bin');
  await mkdir(folder);
  await writeFile(join(folder, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 14.3"\n');
  await chmod(join(folder, 'pg_dump'), 0o755);
  place.env.PG_BIN_DIR = folder;
  const old = await examine(place);
  expect(old.exitCode).toBe(2);
  expect(old.told.get('client tools')).toMatchObject({ state: 'critical', failsAs: 'ClientTooOld' });
  await writeFile(join(folder, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 16.3"\n');
  const { told } = await examine(place);
  expect(told.get('client tools')).toMatchObject({ state: 'warning' });
  expect(told.get('client tools')?.found).toContain('without psql nothing can be restored');
});

test('a server that is not there, and a repository that can not be: the rest is looked at all the same', async () => {
  await using place = await workplace({ PGPORT: '1' });
  await writeFile(join(place.folder, 'file'), '');
  await writeFile(join(place.folder, 'pw'), 'secret\n', { mode: 0o644 });
  const port = 'port: 1, user: postgres, passwordFile: pw';
  await writeFile(
    join(place.folder, 'holdfast.yaml'),
    `clusters:\n  default: { connection: { ${port} } }\n  far: { host: elsewhere }\n`,
  );
  place.env.BACKUP_DIR = join(place.folder, 'file', 'data');
  const { exitCode, told } = await examine(place);
  expect(exitCode).toBe(2);
  expect(told.get('repository')).toMatchObject({ state: 'critical', failsAs: 'RepositoryNotWritable' });
  expect(told.get('secrets')).toMatchObject({ state: 'warning', remedy: `chmod 600 ${place.folder}/pw` });
  expect(told.get('dump role')).toMatchObject({ state: 'not applicable' });
  expect(told.get('compression')?.state).toBe('ok');
  place.env.BACKUP_DIR = join(place.folder, 'data');
  const again = await place.run('--json', 'doctor');
  expect(again.exitCode).toBe(3);
  const far = (JSON.parse(again.stdout) as Diagnosis[]).filter(({ cluster: name }) => name === 'far');
  expect(far).toMatchObject([{ check: 'connection', state: 'not applicable' }]);
});

test('with Temporal and a worker there they are told; a host without a worker is critical, no schedule a warning; it changes nothing', async () => {
  await using place = await createServedWorkplace(
    { ...cluster.env, PG_BIN_DIR: cluster.binDir, MIN_DISK_SPACE_GB: '0' },
    'clusters: { default: {}, far: { host: elsewhere } }\n',
  );
  const { exitCode, told } = await examine(place);
  expect(exitCode).toBe(1);
  expect(told.get('temporal')).toMatchObject({ state: 'ok' });
  expect(told.get('search attributes')).toMatchObject({ state: 'ok' });
  expect(told.get('workers')).toMatchObject({ state: 'critical', failsAs: 'NoWorkerForHost' });
  expect(told.get('workers')?.remedy).toContain('on elsewhere');
  expect(told.get('schedules')).toMatchObject({ state: 'warning', remedy: 'holdfast schedule apply' });

  expect(await place.run('backup', 'shop')).toMatchObject({ exitCode: 0 });
  const files = () => readdir(place.backupDir, { recursive: true });
  const before = await files();
  expect((await examine(place)).told.get('repository')?.found).toContain('1 backup');
  expect(await files()).toEqual(before);
});
