import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupMetadata, BackupSummary } from '../../src/domain/backup/metadata.js';
import { parseArtifactName } from '../../src/domain/backup/names.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';

const names = [
  '-Fp',
  '--all',
  '$(touch executed)',
  '`touch executed`; touch executed',
  'a b',
  'ü"\'',
  'first line\nsecond line',
  '../x',
  '.hidden',
  '100%2F',
  'dbname=x host=evil',
  'postgres://evil/x?sslmode=disable',
  'latest',
  '__proto__',
  'x'.repeat(63),
  `${'ü'.repeat(31)}/`,
];

let cluster: Cluster;
let place: ServedWorkplace;
const ids = new Map<string, string>();

beforeAll(async () => {
  cluster = await startCluster();
  place = await createServedWorkplace(cluster.env);
  await cluster.createDatabase('model');
  await cluster.psql('CREATE TABLE t AS SELECT generate_series(1, 3) AS i', 'model');
  for (const name of names) {
    // createdb and psql -d would read some of these as connection strings.
    await cluster.psql(`CREATE DATABASE "${name.replaceAll('"', '""')}" TEMPLATE model`);
  }
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test.for(names)('database %j is backed up, and shown by its id with its true name', async (name) => {
  const { backup, path, rows } = await place.json<FullBackupResult>('backup', '--', name);
  expect({ database: backup.database, rows }).toEqual({ database: name, rows: 3 });
  expect(path).toBe(join(place.backupDir, 'full', `${backup.id}.sql.gz`));
  expect(parseArtifactName(`${backup.id}.sql.gz`)?.database).toBe(name);

  const { database, tables } = await place.json<BackupMetadata>('show', '--', backup.id);
  expect({ database, tables }).toEqual({
    database: name,
    tables: [{ schema: 'public', table: 't', rows: 3 }],
  });
  ids.set(name, backup.id);
});

test('all of them are listed, each by its name and on one line, and verified', async () => {
  const { backups, broken } = await place.json<{ backups: BackupSummary[]; broken: [] }>('list');
  expect(broken).toEqual([]);
  expect(new Map(backups.map(({ database, id }) => [database, id]))).toEqual(ids);

  const awkward = '../x';
  const own = await place.json<{ backups: BackupSummary[] }>('list', '--', awkward);
  expect(own.backups.map(({ id }) => id)).toEqual([ids.get(awkward)]);

  const { stdout } = await place.run('list');
  expect(stdout.split('\n')).toHaveLength(names.length + 1);

  const verdicts = await place.json<{ id: string; ok: boolean }[]>('verify', '--all');
  expect(verdicts.map(({ ok }) => ok)).toEqual(names.map(() => true));
});

test('nothing was executed, and every file is in the folder it belongs to', async () => {
  expect(existsSync(join(place.folder, 'executed'))).toBe(false);
  expect((await readdir(place.folder)).sort()).toEqual(['data', 'state']);
  // How each backup ended is remembered for metrics.
  const state = await readdir(join(place.folder, 'state'), { recursive: true });
  const ends = state.filter((path) => /^monitoring\/[^/]+\/operations\/full-backup_[^/]+$/.test(path));
  expect(ends).toHaveLength(ids.size);
  expect((await readdir(place.backupDir)).sort()).toEqual(['full', 'logs']);
  const suffixes = ['.globals.sql.gz', '.meta', '.sql.gz'];
  const expected = [...ids.values()].flatMap((id) => suffixes.map((suffix) => `${id}${suffix}`));
  expect((await readdir(join(place.backupDir, 'full'))).sort()).toEqual(expected.sort());
});

test.for([
  ['show', '../../etc/passwd', 'leads out of'],
  ['show', 'full/../../../../etc/passwd', 'leads out of'],
  ['verify', '/etc/passwd', 'not the name of a full backup'],
  ['verify', '/etc', 'not the name of a full backup'],
] as const)('%s %s is refused', async ([command, reference, words]) => {
  const { exitCode, stdout, stderr } = await place.run(command, reference);
  expect(exitCode).toBeGreaterThan(0);
  expect(stderr).toContain(words);
  expect(stderr).toContain(reference);
  expect(stdout).toBe('');
});

test('a database name that looks like an option is taken as one without --, and refused', async () => {
  const { exitCode, stderr } = await place.run('backup', '-Fp');
  expect(exitCode).toBe(2);
  expect(stderr).toContain("unknown option '-Fp'");
});

test.for([
  ['backup', ''],
  ['backup', 'x'.repeat(64)],
  ['drill', ''],
  ['expire', ''],
  ['restore', 'latest', 'é'.repeat(32)],
])('%s of the impossible name %j is refused before a run is begun, which would alert', async (args) => {
  const operations = async () => {
    const state = await readdir(join(place.folder, 'state'), { recursive: true }).catch(() => []);
    return state.filter((path) => /operations\//.test(path));
  };
  const before = await operations();
  const { exitCode, stderr } = await place.run(...args);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringMatching(/bytes, and a database's name has 1 to 63/),
  });
  expect(await operations()).toEqual(before);
});
