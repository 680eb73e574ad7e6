import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { findClientTools } from '../../../../src/postgres/program/client-tools.js';
import { startLoad } from '../../../../src/postgres/restore/load/load.js';
import { readLoadSettings } from '../../../../src/postgres/restore/load/settings.js';
import { type Cluster, startCluster } from '../../../support/cluster.js';
import { signalProcess } from '../../../support/signal-process.js';
import { isAlive } from '../../../support/typescript-process.js';
import { hostileNames } from '../../hostile-names.js';
import { comparable, dumpOf, load } from '../restore-support.js';
import { query, settings } from '../swap/swap-support.js';

let cluster: Cluster;
let folder: string;
let fresh = 0;

beforeAll(async () => {
  cluster = await startCluster();
  folder = await mkdtemp(join(tmpdir(), 'hf-load-'));
  await cluster.createDatabase('shop');
  await cluster.psql(
    `CREATE TABLE t AS SELECT n, 'row ' || n AS text FROM generate_series(1, 5000) n; ALTER TABLE t ADD PRIMARY KEY (n)`,
    'shop',
  );
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

async function emptyDatabase(): Promise<string> {
  const name = `empty_${++fresh}`;
  await cluster.createDatabase(name);
  return name;
}

const end = '\n--\n-- PostgreSQL database dump complete\n--\n\n';

const sql = (text: string) => Buffer.from(text + end);

test('a load tells its statements and rows while it runs', async () => {
  const database = await emptyDatabase();
  const dump = await dumpOf(cluster, 'shop');
  const steps: { statements: number; rows: number }[] = [];
  const done = await load(cluster, database, dump, {
    onStep: (step: (typeof steps)[number]) => steps.push(step),
  });
  expect(done).toMatchObject({ rows: 5000, warnings: [] });
  expect(steps.at(-1)).toEqual({ rows: 5000, statements: done.statements });
  expect(comparable(await dumpOf(cluster, database))).toBe(comparable(dump));
});

test('a decompressor writes to psql itself', async () => {
  const database = await emptyDatabase();
  const dump = await dumpOf(cluster, 'shop');
  const file = join(folder, 'dump.sql.gz');
  await writeFile(file, gzipSync(dump));
  const loading = startLoad({
    tools: await findClientTools(15, { pgBinDir: cluster.binDir }),
    connection: settings(cluster),
    database,
    stdin: 'pipe',
    sessionSettings: await readLoadSettings(settings(cluster)),
    runTag: 'run-1',
  });
  const gunzip = spawn('gzip', ['-dc', file], { stdio: ['ignore', loading.stdin ?? 'ignore', 'inherit'] });
  loading.stdin?.destroy();
  const exitCode = new Promise((resolve) => gunzip.once('exit', resolve));
  expect(await loading.finished).toMatchObject({ rows: 5000 });
  expect(await exitCode).toBe(0);
  expect(comparable(await dumpOf(cluster, database))).toBe(comparable(dump));
});

test('a dump’s own event triggers are not set off by the rest of it, and its foreign keys are validated', async () => {
  const database = await emptyDatabase();
  await cluster.createDatabase('audited');
  await cluster.psql(
    `CREATE TABLE ddl (tag text);
     CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql
       AS 'BEGIN INSERT INTO public.ddl VALUES (tg_tag); END';
     CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
     CREATE EVENT TRIGGER noting ON ddl_command_end EXECUTE FUNCTION note()`,
    'audited',
  );
  await load(cluster, database, await dumpOf(cluster, 'audited'));
  expect(await query(cluster, database, 'SELECT * FROM ddl')).toEqual([]);
  await cluster.psql('CREATE TABLE later ()', database);
  expect(await query(cluster, database, 'SELECT tag FROM ddl')).toEqual([{ tag: 'CREATE TABLE' }]);
  const orphan = `CREATE TABLE p (n int PRIMARY KEY); CREATE TABLE c (n int); INSERT INTO c VALUES (1);
    ALTER TABLE c ADD FOREIGN KEY (n) REFERENCES p;`;
  await expect(load(cluster, await emptyDatabase(), sql(orphan))).rejects.toThrow(/violates foreign key/);
});

test('a load stops at the first error and tells the line of the dump', async () => {
  const database = await emptyDatabase();
  const failed = load(
    cluster,
    database,
    sql('CREATE TABLE a ();\nSELECT 1;\nCREATE TABLE a ();\nCREATE TABLE b ();'),
  );
  await expect(failed).rejects.toMatchObject({ type: 'LoadFailed', exitCode: 1 });
  await expect(failed).rejects.toThrow(/line 3 of the dump: relation "a" already exists/);
  expect(await query(cluster, database, "SELECT 1 FROM pg_class WHERE relname = 'b'")).toEqual([]);
});

test('SE-2 an error in the data tells table and line, and not the data', async () => {
  const database = await emptyDatabase();
  const copy = 'CREATE TABLE c (a int, b text);\nCOPY c FROM stdin;\n1\tfine\n2\tcanary\textra\n\\.\n';
  const failed = load(cluster, database, sql(copy));
  await expect(failed).rejects.toThrow(/extra data after last expected column CONTEXT: +COPY c, line 2$/);
});

test.for([
  [
    'a missing role',
    'RoleMissing',
    'CREATE TABLE t (); ALTER TABLE t OWNER TO ghost;',
    /role "ghost" does not exist/,
  ],
  ['a missing extension', 'ExtensionMissing', 'CREATE EXTENSION ghostly;', /ghostly/],
  ['a psql too old for the dump', 'ClientTooOld', '\\restrictx abc', /invalid command \\restrictx/],
] as const)('%s is told as %s', async ([, type, text, words]) => {
  const failed = load(cluster, await emptyDatabase(), sql(text));
  await expect(failed).rejects.toMatchObject({ type });
  await expect(failed).rejects.toThrow(words);
});

test('a missing role is told as such in any language of the server', async () => {
  const database = await emptyDatabase();
  const failed = load(
    cluster,
    database,
    sql("SET lc_messages = 'de_DE.UTF-8';\nGRANT CREATE ON SCHEMA public TO ghost;"),
  );
  await expect(failed).rejects.toThrow(/line 2 of the dump|line 1 of the dump/);
});

test('a dump that was cut is not taken for a whole one', async () => {
  const dump = await dumpOf(cluster, 'shop');
  for (const bytes of [0, 100, dump.length / 2, dump.length - 60]) {
    const failed = load(cluster, await emptyDatabase(), dump.subarray(0, bytes));
    await expect(failed, `${bytes} bytes`).rejects.toMatchObject({ type: 'LoadFailed' });
  }
  const quiet = load(cluster, await emptyDatabase(), Buffer.from('SELECT 1;\n'));
  await expect(quiet).rejects.toThrow(/ended before its end marker/);
});

test('a stream that fails fails the load with its own error', async () => {
  const dump = await dumpOf(cluster, 'shop');
  const source = Readable.from(
    (async function* () {
      yield dump.subarray(0, 1000);
      throw new Error('unexpected end of file');
    })(),
  );
  await expect(load(cluster, await emptyDatabase(), source)).rejects.toThrow('unexpected end of file');
});

test('a psql that is killed is told as interrupted, to be tried again', async () => {
  const loading = await slowLoad();
  signalProcess(loading.pid, 'SIGKILL');
  await expect(loading.finished).rejects.toMatchObject({ type: 'LoadInterrupted', retryable: true });
});

test('a load that is cancelled ends its psql', async () => {
  const cancel = new AbortController();
  const loading = await slowLoad(cancel.signal);
  cancel.abort();
  await expect(loading.finished).rejects.toMatchObject({ type: 'Cancelled' });
  expect(isAlive(loading.pid ?? 0)).toBe(false);
});

test('a server that stops fails the load as a lost connection', async () => {
  await using own = await startCluster();
  const loading = await slowLoad(undefined, own);
  await own.stop('immediate');
  await expect(loading.finished).rejects.toMatchObject({ type: 'ConnectionLost', exitCode: 3 });
});

test('I3 a hostile environment changes nothing', async () => {
  await writeFile(join(folder, '.psqlrc'), '\\! touch /tmp/hf-owned\n\\q\n');
  const hostile = {
    HOME: folder,
    PSQLRC: join(folder, '.psqlrc'),
    PGOPTIONS: '-c default_transaction_read_only=on',
    PAGER: 'touch /tmp/hf-owned',
    PSQL_PAGER: 'touch /tmp/hf-owned',
    LC_ALL: 'tr_TR.UTF-8',
    TZ: 'Asia/Kathmandu',
    PGDATABASE: 'postgres',
    PGCLIENTENCODING: 'SQL_ASCII',
  };
  for (const [name, value] of Object.entries(hostile)) vi.stubEnv(name, value);
  const database = await emptyDatabase();
  await load(cluster, database, await dumpOf(cluster, 'shop'));
  expect((await query(cluster, database, 'SELECT count(*)::text AS count FROM t'))[0]?.count).toBe('5000');
});

test('I1 a staging database of any name is loaded, and no other', async () => {
  await using own = await startCluster();
  for (const name of hostileNames) {
    await own.createDatabase(name);
    await load(own, name, sql('CREATE TABLE here AS SELECT current_database() AS name;'));
    expect((await query(own, name, 'SELECT name FROM here'))[0]?.name).toBe(name);
  }
});

test('settings of the database and the role neither slow a load down nor change what it reads', async () => {
  const database = await emptyDatabase();
  await cluster.psql(`ALTER DATABASE ${database} SET statement_timeout = '1ms';
    ALTER DATABASE ${database} SET default_transaction_read_only = on;
    ALTER ROLE postgres IN DATABASE ${database} SET synchronous_commit = on`);
  const show = 'CREATE TABLE s AS SELECT name, setting FROM pg_settings;';
  await load(cluster, database, sql(`SELECT pg_sleep(0.01);\n${show}`));
  const found = await cluster.psql(
    `SET statement_timeout = 0; SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM s
     WHERE name IN ('synchronous_commit', 'maintenance_work_mem', 'IntervalStyle')`,
    database,
  );
  expect(found).toBe('IntervalStyle=postgres maintenance_work_mem=262144 synchronous_commit=off');
});

/** A load that sleeps in the server until it is ended. */
async function slowLoad(signal?: AbortSignal, where = cluster) {
  const loading = startLoad({
    tools: await findClientTools(15, { pgBinDir: where.binDir }),
    connection: settings(where),
    database: 'postgres',
    stdin: Readable.from([sql("SELECT 'begun';\nSELECT pg_sleep(600);")]),
    sessionSettings: await readLoadSettings(settings(where)),
    runTag: 'run-1',
    ...(signal && { signal }),
  });
  const sleeping =
    "SELECT count(*)::text AS count FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'";
  while ((await query(where, 'postgres', sleeping))[0]?.count === '0') await delay(20);
  return loading;
}
