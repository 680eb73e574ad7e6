import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { BackUpClusterResult } from '../../src/domain/backup/cluster-contracts.js';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupMetadata, BackupSummary } from '../../src/domain/backup/metadata.js';
import { formatMark } from '../../src/domain/restore/database-mark.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { dumpOf, loadByHand } from '../support/dump-of.js';
import { onTerminal, typedOnTerminal } from '../support/on-terminal.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';

const awkward = 'it\'s "spaced" out';
let cluster: Cluster;
let place: ServedWorkplace;
let first: FullBackupResult;

beforeAll(async () => {
  cluster = await startCluster();
  place = await createServedWorkplace(cluster.env);
  await cluster.createDatabase(awkward);
  await cluster.psql(
    `CREATE TABLE "select" ("from" text, note text);
     INSERT INTO "select" SELECT i::text, E'a\\\\.\\nb\\t' || i FROM generate_series(1, 1000) i;
     CREATE TABLE nothing ();
     INSERT INTO nothing DEFAULT VALUES;
     CREATE FUNCTION fake() RETURNS text LANGUAGE sql AS $$SELECT 'x
COPY public.ghost (a) FROM stdin;
1
\\.
'$$;
     SELECT lo_from_bytea(0, 'large object');
     CREATE ROLE teller;`,
    awkward,
  );
  first = await place.json<FullBackupResult>('backup', awkward);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test('a backup of a database with spaces and quotes in its name restores to an identical pg_dump', async () => {
  const { path, backup, rows, tables } = first;
  expect({ rows, tables }).toEqual({ rows: 1001, tables: 2 });
  expect(basename(path)).toBe(`${backup.id}.sql.gz`);

  await cluster.createDatabase('restored');
  await loadByHand(cluster, path, 'restored');
  expect(await dumpOf(cluster, 'restored')).toBe(await dumpOf(cluster, awkward));
});

test('list, show and verify know the backup without Temporal', async () => {
  const offline = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const list = await place.start(['--json', 'list'], offline);
  const { backups } = JSON.parse(list.stdout) as { backups: BackupSummary[] };
  expect(backups).toMatchObject([{ database: awkward, pgVersion: expect.stringMatching(/^15\./) }]);
  const id = backups[0]?.id ?? '';

  const shown = await place.start(['--json', 'show', id], offline);
  const metadata = JSON.parse(shown.stdout) as BackupMetadata;
  expect(metadata.tables).toEqual([
    { schema: 'public', table: 'nothing', rows: 1 },
    { schema: 'public', table: 'select', rows: 1000 },
  ]);
  expect(metadata.stages.length).toBeGreaterThan(2);

  const verified = await place.start(['verify', id], offline);
  expect(verified).toMatchObject({ exitCode: 0 });
});

test('the globals file has the roles of the cluster', async () => {
  const globals = gunzipSync(await readFile(first.path.replace('.sql.gz', '.globals.sql.gz'))).toString();
  expect(globals).toContain('CREATE ROLE teller;');
});

test('folders are 0700 and files 0600', async () => {
  const { path } = first;
  for (const file of [path, path.replace('.sql.gz', '.meta'), path.replace('.sql.gz', '.globals.sql.gz')]) {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
  for (const folder of [place.backupDir, join(place.backupDir, 'full'), join(place.backupDir, 'logs')]) {
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  }
});

test('an unknown database is refused with those that exist', async () => {
  const { exitCode, stderr } = await place.run('backup', 'nowhere');
  expect(exitCode).toBe(3);
  expect(stderr).toContain('restored');
});

test('a server that is not there ends with 3, naming where it was looked for', async () => {
  // A host without a worker: the command then works itself, with its own settings.
  const nowhere = { PGHOST: '127.0.0.1', PGPORT: '1', HOLDFAST_HOST: 'no-worker-here' };
  const { exitCode, stderr } = await place.start(['backup', 'x'], nowhere);
  expect(exitCode).toBe(3);
  expect(stderr).toContain('127.0.0.1');
});

test('a worker with settings of another server refuses what a command asks', async () => {
  for (const other of [{ PGPORT: '1' }, { BACKUP_DIR: join(place.folder, 'elsewhere') }]) {
    for (const what of [awkward, '--all']) {
      const { exitCode, stderr } = await place.start(['backup', what], other);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`server ${cluster.socketDir}, port ${cluster.port}, user postgres`);
    }
  }
});

test('what the environment of a command asks of connections is not left to a worker that asks nothing', async () => {
  const { exitCode, stderr } = await place.start(['backup', awkward], { PGCHANNELBINDING: 'require' });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("PGCHANNELBINDING asks for what Holdfast's own sessions can't do");
});

test('--all backs up every database, and shows how far it is', async () => {
  const { shown, exitCode } = await typedOnTerminal(place, ['backup', '--all'], []);
  expect(exitCode).toBe(0);
  expect(shown).toMatch(/\d of \d databases done, \d running: /);
  expect(shown).toContain('databases backed up');
  expect(shown).toMatch(/^left out: template0, template1 \(template\)\s*$/m);
  for (const name of ['postgres', 'restored'])
    expect(shown).toMatch(new RegExp(`^${name} +${name}_full_`, 'm'));
});

test('--all takes what the patterns mean; one that can’t be dumped stops no other, ends with 4, and stands in the report', async () => {
  for (const name of ['all_good', 'all_broken', 'all_other', 'all_closed', 'all_invalid'])
    await cluster.createDatabase(name);
  await cluster.psql(
    `CREATE TABLE t (a int, b int); SET allow_system_table_mods = on;
     DELETE FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'`,
    'all_broken',
  );
  await cluster.psql('ALTER DATABASE all_closed ALLOW_CONNECTIONS false');
  await cluster.psql("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'all_invalid'");
  // A restore's staging database is none of the user's.
  const mark = formatMark({ kind: 'staging', target: 'x', runId: 'r', comment: null });
  await cluster.createDatabase('all_staging');
  await cluster.psql(`COMMENT ON DATABASE all_staging IS '${mark}'`);
  const patterns = ['--include', 'all_*', '--exclude', '*_other'];
  const { exitCode, stdout } = await place.run('--json', 'backup', '--all', ...patterns);
  expect(exitCode).toBe(4);
  const result = JSON.parse(stdout) as BackUpClusterResult;
  expect(result).toMatchObject({ total: 2, failed: 1 });
  expect(result.leftOut).toEqual(
    expect.arrayContaining([
      { database: 'all_closed', because: 'takes no connections' },
      { database: 'all_invalid', because: 'invalid' },
      { database: 'all_other', because: 'in exclude' },
      { database: 'all_staging', because: 'made by Holdfast' },
      { database: 'postgres', because: 'not in include' },
      { database: 'template1', because: 'template' },
    ]),
  );
  expect(result.leftOutCount).toBe(result.leftOut.length);
  const report = JSON.parse(await readFile(result.reportPath ?? '', 'utf8')) as { entries: object };
  expect(report.entries).toMatchObject({
    all_good: { backupId: expect.stringMatching(/^all_good_full_/) },
    all_broken: { error: { type: 'DumpFailed' } },
  });
  for (const name of ['all_good', 'all_broken', 'all_other', 'all_closed', 'all_invalid', 'all_staging'])
    await cluster.psql(`DROP DATABASE ${name}`);
});

test('--quiet prints the result alone, and with --json it is one document', async () => {
  const plain = await place.run('-q', 'backup', awkward);
  expect(plain).toMatchObject({ exitCode: 0, stderr: '' });
  expect(plain.stdout).toMatch(/^✓ backed up /);
  const json = await place.run('-q', '--json', 'backup', awkward);
  expect(json).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject({ backup: { database: awkward } });
});

test('on a terminal a backup ends with its result, a failed one with one line and its remedy', async () => {
  const alone = { HOLDFAST_HOST: 'no-worker-here' };
  const good = last(await onTerminal(place, ['backup', awkward], alone));
  expect(good.replace(/^.*✓/, '✓').split('\n')).toEqual([
    expect.stringMatching(/^✓\S* backed up it's "spaced" out as /),
    expect.stringMatching(/^ {2}file {6}\/.*\.sql\.gz$/),
    expect.stringMatching(/^ {2}size {6}/),
    '  verified  2 tables, 1,001 rows read back from the stored file',
    expect.stringMatching(/^ {2}sha256 {4}[0-9a-f]{64}$/),
  ]);
  const failed = last(await onTerminal(place, ['backup', 'nowhere'], alone));
  expect(failed.split('\n')).toEqual([
    expect.stringMatching(/✗ connect to database "nowhere": there is no such database/),
    expect.stringMatching(/^ {2}→ /),
  ]);
  expect(failed).not.toContain('ERROR');
});

test('a second Ctrl-C leaves at once, and the terminal its cursor', async () => {
  const hidden = '\u001b[?25l';
  // Its dump waits for the lock: otherwise it may be through before anybody could type.
  const { socketDir: host, port } = cluster;
  const holder = new pg.Client({ host, port, user: 'postgres', database: awkward });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('BEGIN; LOCK TABLE nothing');
  const { shown } = await typedOnTerminal(
    place,
    ['backup', awkward],
    [
      [hidden, '\x03'],
      ['press Ctrl-C again', '\x03'],
    ],
  );
  expect(shown).toContain('press Ctrl-C again');
  expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(shown.lastIndexOf(hidden));
});

test('a backup whose alert could not be delivered succeeds, and says so', async () => {
  const deaf = { HOLDFAST_HOST: 'no-worker-here', ALERT_ENDPOINT: 'http://127.0.0.1:1/' };
  const { exitCode, stderr } = await place.start(['backup', awkward], deaf);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('! the alert endpoint did not take the news');
});

test('wrong settings are told all at once, and nothing is started', async () => {
  const wrong = { RETENTION_DAYS: '0', COMPRESSION_LEVEL: '99', PGPORT: 'text' };
  const { exitCode, stderr } = await place.start(['backup', 'x'], wrong);
  expect(exitCode).toBe(2);
  for (const name of Object.keys(wrong)) expect(stderr).toContain(name);
});

/** What stays on the terminal once everything that was drawn over is gone. */
function last(screen: string): string {
  return screen
    .slice(screen.lastIndexOf('\u001b[0J') + 1)
    .replace(/^\[0J/, '')
    .trimEnd();
}
