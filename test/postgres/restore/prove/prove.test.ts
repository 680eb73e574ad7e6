import { afterAll, beforeAll, expect, test } from 'vitest';
import { analyzeDatabase } from '../../../../src/postgres/restore/load/analyze.js';
import { checkAssertions } from '../../../../src/postgres/restore/prove/assertions.js';
import { countTables } from '../../../../src/postgres/restore/prove/count-tables.js';
import { describeContents } from '../../../../src/postgres/restore/prove/describe-contents.js';
import { estimateTables } from '../../../../src/postgres/restore/prove/list-tables.js';
import { type Cluster, startCluster } from '../../../support/cluster.js';
import { query, settings } from '../swap/swap-support.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.createDatabase('shop');
  await cluster.psql('ALTER DATABASE shop SET search_path = app, public');
  await query(
    cluster,
    'shop',
    `CREATE SCHEMA app; CREATE TABLE app.t AS SELECT n FROM generate_series(1, 300) n;
     CREATE TABLE app."odd "" name" AS SELECT 1; CREATE UNLOGGED TABLE app.u AS SELECT 2;
     CREATE SEQUENCE app.s; CREATE FUNCTION app.writes() RETURNS int LANGUAGE sql AS 'DELETE FROM app.t RETURNING n'`,
  );
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const check = async (sql: string, expected: string | null, options = {}) =>
  (await checkAssertions(settings(cluster), 'shop', [{ name: 'a', sql, expected }], options))[0];

test.for<[string, string | null]>([
  ['SELECT count(*) FROM t', '300'],
  ['SELECT 1.50::numeric(5,2)', '1.50'],
  ["SELECT date '2025-06-07'", '2025-06-07'],
  ['SELECT true', 'true'],
  ['SELECT count(*) > 1 FROM t', 't'],
  ['SELECT NULL', null],
  ['VALUES (1, 2), (3, 4)', '1'],
  ['WITH x AS (SELECT 7) TABLE x -- why', '7'],
  ["SELECT E'two\\nlines'", 'two\nlines'],
])('%s is held to be %j', async ([sql, expected]) => {
  expect(await check(sql, expected)).toMatchObject({ ok: true });
  expect(await check(sql, 'something else')).toMatchObject({ ok: false });
});

test.for<[string, RegExp]>([
  ['SELECT 1 WHERE false', /no row/],
  ['SELECT nonsense', /nonsense/],
  ['DELETE FROM t', /syntax error/],
  ['WITH d AS (DELETE FROM t RETURNING n) SELECT n FROM d', /DECLARE CURSOR must not contain data-modifying/],
  ['SELECT app.writes()', /read-only transaction/],
  ["SELECT nextval('app.s')", /read-only transaction/],
  ['SELECT 1; COMMIT; DROP TABLE app.t', /multiple commands/],
  [
    "SELECT set_config('transaction_read_only', 'off', false)",
    /read-write mode must be set before any query/,
  ],
])('%s is not held, and the database stays as it is', async ([sql, words]) => {
  const result = await check(sql, '1');
  expect(result?.ok).toBe(false);
  expect(result?.found).toMatch(words);
  expect(await query(cluster, 'shop', 'SELECT count(*)::text AS count FROM app.t')).toEqual([
    { count: '300' },
  ]);
});

test('a question that takes too long is not held, and the next one is asked', async () => {
  const questions = [
    { name: 'slow', sql: 'SELECT pg_sleep(60)', expected: '' },
    { name: 'fast', sql: 'SELECT 1', expected: '1' },
  ];
  const [slow, fast] = await checkAssertions(settings(cluster), 'shop', questions, {
    statementTimeoutMs: 50,
  });
  expect(slow).toMatchObject({ ok: false, found: expect.stringMatching(/statement timeout/) });
  expect(fast).toMatchObject({ ok: true });
});

test('a question’s own time to answer stands over the others’', async () => {
  const questions = [
    { name: 'slow', sql: "SELECT pg_sleep(2), 'x'", expected: '', timeoutSeconds: 1 },
    { name: 'slower', sql: 'SELECT pg_sleep(1.5)', expected: '' },
  ];
  expect(await checkAssertions(settings(cluster), 'shop', questions)).toMatchObject([
    { ok: false, found: expect.stringMatching(/statement timeout/) },
    { ok: true },
  ]);
});

test('a long answer is cut after it was compared', async () => {
  const result = await check("SELECT repeat('x', 5000)", 'x'.repeat(5000));
  expect(result).toMatchObject({ ok: true });
  expect(result?.found).toHaveLength(200);
});

test('every table is counted exactly, as of one moment, whatever its name', async () => {
  const steps: unknown[] = [];
  const counted = await countTables(settings(cluster), 'shop', {
    runTag: 'run-1',
    onStep: (step) => steps.push(step),
  });
  expect(counted).toEqual([
    { schema: 'app', table: 'odd " name', rows: 1, ofExtension: false },
    { schema: 'app', table: 't', rows: 300, ofExtension: false },
    { schema: 'app', table: 'u', rows: 1, ofExtension: false },
  ]);
  expect(steps.at(-1)).toEqual({ tables: 3, ofTables: 3 });
});

test('rows written while tables are counted do not count', async () => {
  await cluster.createDatabase('moving');
  await query(cluster, 'moving', 'CREATE TABLE a (); CREATE TABLE b ()');
  const counted = await countTables(settings(cluster), 'moving', {
    runTag: 'run-1',
    sessions: 1,
    onStep: ({ tables }) => {
      if (tables === 1)
        void query(cluster, 'moving', 'INSERT INTO a DEFAULT VALUES; INSERT INTO b DEFAULT VALUES');
    },
  });
  expect(counted.map(({ rows }) => rows)).toEqual([0, 0]);
});

test('a table whose rows row security would hide is not counted less: it fails', async () => {
  await cluster.createDatabase('secure');
  await cluster.psql('CREATE ROLE clerk LOGIN');
  await query(
    cluster,
    'secure',
    'CREATE TABLE s (); INSERT INTO s DEFAULT VALUES; GRANT SELECT ON s TO clerk; ALTER TABLE s ENABLE ROW LEVEL SECURITY',
  );
  const counted = countTables({ ...settings(cluster), user: 'clerk' }, 'secure', { runTag: 'run-1' });
  await expect(counted).rejects.toThrow(/row-level security/);
});

test('a database without tables has none', async () => {
  await cluster.createDatabase('bare');
  expect(await countTables(settings(cluster), 'bare', { runTag: 'run-1' })).toEqual([]);
});

test('estimates are those of the statistics, and unknown without them', async () => {
  const rowsOf = async () =>
    (await estimateTables(settings(cluster), 'shop')).find(({ table }) => table === 't')?.estimatedRows;
  expect(await rowsOf()).toBeNull();
  await analyzeDatabase(settings(cluster), 'shop');
  expect(await rowsOf()).toBe(300);
});

test('an index that can’t be used is named', async () => {
  await cluster.createDatabase('broken');
  await query(cluster, 'broken', 'CREATE TABLE d AS SELECT 1 AS n FROM generate_series(1, 2)');
  await query(cluster, 'broken', 'CREATE UNIQUE INDEX CONCURRENTLY twice ON d (n)').catch(() => {});
  expect((await describeContents(settings(cluster), 'broken')).invalidIndexes).toEqual(['public.twice']);
});

test('tables of a database of SQL_ASCII are counted whose names are text of no encoding', async () => {
  await cluster.psql(
    `CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  const create = (name: string) =>
    `DO $$BEGIN EXECUTE convert_from(decode('${name}', 'hex'), 'SQL_ASCII'); END$$`;
  const latin = Buffer.from('CREATE TABLE "t\xe4 ""q""" AS SELECT 1 FROM generate_series(1, 3)', 'latin1');
  await query(cluster, 'bytes', create(latin.toString('hex')));
  await query(cluster, 'bytes', 'CREATE TABLE "tä" AS SELECT 1 FROM generate_series(1, 2)');

  const counted = await countTables(settings(cluster), 'bytes', { runTag: 'run-1' });
  expect(counted.map(({ table, rows }) => [table, rows])).toEqual([
    ['tä', 2],
    ['tä "q"', 3],
  ]);
});

test('more tables are counted than a transaction may lock', async () => {
  await using small = await startCluster({
    settings: { max_locks_per_transaction: '10', max_connections: '10' },
  });
  await small.createDatabase('many');
  const tables = (from: number) =>
    `DO $$BEGIN FOR i IN ${from}..${from + 49} LOOP
       EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v int UNIQUE)', i); END LOOP; END$$`;
  for (let from = 0; from < 600; from += 50) await query(small, 'many', tables(from));
  expect(await countTables(settings(small), 'many', { runTag: 'run-1' })).toHaveLength(600);
});
