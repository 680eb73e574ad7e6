import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DumpContents, RowCounter } from '../../../src/stream/rows/row-counter.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { postgresVersions } from '../../support/postgresql-binaries.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const hostileText = [
  '',
  '\\.',
  '\n\\.\n',
  '\\N',
  '\r\n',
  "it's",
  'COPY public.fake (a) FROM stdin;',
  '\nCOPY public.fake (a) FROM stdin;\n1\n\\.\n',
  "'; INSERT INTO public.fake VALUES (1); --",
  '\n--\n-- PostgreSQL database dump complete\n--\n\n',
  '$$ /* " \\',
  '$_$\n\\restrict x\n',
];
const hostileNames = [
  'select',
  'from',
  'stdin',
  'COPY',
  'values',
  'begin',
  'end',
  'a b',
  'ü"\'',
  'x$1$',
  'E',
  '--',
  ';(',
];

const text = fc.oneof(
  fc.constantFrom(...hostileText),
  fc.string({ unit: 'grapheme', maxLength: 30 }).map(storable),
);
const name = fc.oneof(fc.constantFrom(...hostileNames), text).map((value) => cutTo63Bytes(value) || 'x');
const tableShape = fc.record({
  schema: name,
  name,
  columns: fc.uniqueArray(name, { maxLength: 4 }),
  kind: fc.constantFrom('plain', 'partitioned', 'inherited', 'generated'),
  rows: fc.array(text, { maxLength: 30 }),
});
type TableShape = typeof tableShape extends fc.Arbitrary<infer Shape> ? Shape : never;
const databaseShape = fc.record({
  tables: fc.uniqueArray(tableShape, { maxLength: 6, selector: ({ schema, name }) => `${schema}\0${name}` }),
  texts: fc.array(text, { maxLength: 6 }),
});

/** What PostgreSQL can store: no NUL. */
function storable(value: string): string {
  return value.replaceAll('\0', '');
}

function cutTo63Bytes(value: string): string {
  return [...value].reduce(
    (cut, character) => (Buffer.byteLength(cut + character) > 63 ? cut : cut + character),
    '',
  );
}

const quoteName = (value: string) => `"${value.replaceAll('"', '""')}"`;
const quoteText = (value: string) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** A table's SQL; `index` names what hangs on it. */
function tableSql({ schema, name, columns, kind, rows }: TableShape, index: number): string[] {
  const inSchema = (table: string) => `${quoteName(schema)}.${quoteName(table)}`;
  const full = inSchema(name);
  const [first, ...others] = columns.map(quoteName);
  const insertInto = (table: string) => (row: string) =>
    first
      ? `INSERT INTO ${table} (${first}) VALUES (${quoteText(row)});`
      : `INSERT INTO ${table} DEFAULT VALUES;`;
  const definitions = first ? [first, ...others].map((column) => `${column} text`) : [];
  if (first && kind === 'generated')
    definitions.push(`"g e n" text GENERATED ALWAYS AS (${first} || 'x') STORED`);
  const partitioned = first !== undefined && kind === 'partitioned';
  const partition = (rest: number) =>
    `CREATE TABLE ${inSchema(`.p${index}${rest}`)} PARTITION OF ${full} FOR VALUES WITH (MODULUS 2, REMAINDER ${rest});`;
  const child = inSchema(`.c${index}`);
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)};`,
    `CREATE TABLE ${full} (${definitions.join(', ')})${partitioned ? ` PARTITION BY HASH (${first})` : ''};`,
    ...(partitioned ? [partition(0), partition(1)] : []),
    ...rows.map(insertInto(full)),
    ...(kind === 'inherited'
      ? [`CREATE TABLE ${child} () INHERITS (${full});`, ...rows.map(insertInto(child))]
      : []),
  ];
}

/** Functions, comments, large objects and views that hold `texts`. */
function decorationSql(texts: string[]): string[] {
  return texts.flatMap((value, index) => [
    `CREATE FUNCTION public.f${index}() RETURNS text LANGUAGE plpgsql AS ${quoteText(`BEGIN RETURN '${value}'; END`)};`,
    `COMMENT ON FUNCTION public.f${index}() IS ${quoteText(value)};`,
    `CREATE VIEW public.v${index} AS SELECT ${quoteText(value)}::text AS a;`,
    `SELECT lo_from_bytea(0, convert_to(repeat(${quoteText(value)}, 3000), 'UTF8'));`,
    `CREATE FUNCTION public.g${index}() RETURNS void BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END;
      INSERT INTO public.sink (a) VALUES (${quoteText(value)}); DELETE FROM public.sink; END;`,
    `CREATE RULE r${index} AS ON UPDATE TO public.sink DO ALSO (INSERT INTO public.sink (a) VALUES (${quoteText(value)}); DELETE FROM public.sink);`,
  ]);
}

const countAll = `
  SELECT format('SELECT %L, %L, count(*) FROM ONLY %I.%I', n.nspname, c.relname, n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;

/** What PostgreSQL itself counts, as [schema, table, rows]. */
async function countInDatabase(server: Cluster, database: string): Promise<[string, string, number][]> {
  const json = `DO $$ DECLARE q text; BEGIN
      CREATE TEMP TABLE counts (s text, t text, n bigint);
      FOR q IN ${countAll} AND n.nspname NOT LIKE 'pg_temp%' LOOP EXECUTE 'INSERT INTO counts ' || q; END LOOP;
    END $$;
    SELECT coalesce(json_agg(json_build_array(s, t, n)), '[]') FROM counts;`;
  return JSON.parse(await server.psql(json, database)) as [string, string, number][];
}

async function countInDump(server: Cluster, database: string, args: string[] = []): Promise<DumpContents> {
  const counter = new RowCounter();
  const dump = execa(join(server.binDir, 'pg_dump'), [...args, database], { env: server.env, buffer: false });
  for await (const chunk of dump.stdout) counter.write(chunk as Buffer);
  await dump;
  return counter.end();
}

const sorted = (rows: [string, string, number][]) => rows.map((row) => JSON.stringify(row)).sort();
const countsOf = (contents: DumpContents) =>
  sorted(contents.tables.map(({ schema, table, rows }) => [schema, table, rows]));

let databases = 0;

async function createDatabase(server: Cluster, sql: string[]): Promise<string> {
  const database = `random${databases++}`;
  await server.createDatabase(database);
  await server.psql(
    [
      'SET check_function_bodies = off;',
      'SET client_min_messages = warning;',
      'BEGIN;',
      'CREATE TABLE public.sink (a text);',
      ...sql,
      'COMMIT;',
    ].join('\n'),
    database,
  );
  return database;
}

test('every table of a random database has as many rows in its dump as PostgreSQL counts', {
  timeout: 300_000,
}, async () => {
  const property = fc.asyncProperty(databaseShape, async ({ tables, texts }) => {
    const database = await createDatabase(cluster, [...tables.flatMap(tableSql), ...decorationSql(texts)]);
    const expected = await countInDatabase(cluster, database);
    const contents = await countInDump(cluster, database);
    expect(countsOf(contents)).toEqual(sorted(expected));
    expect(contents).toMatchObject({ complete: true, countsExact: true });

    const filled = sorted(expected.filter(([, , rows]) => rows > 0));
    for (const form of ['--inserts', '--column-inserts', '--rows-per-insert=3']) {
      const inserted = await countInDump(cluster, database, [form]);
      expect(countsOf(inserted)).toEqual(filled);
      expect(inserted).toMatchObject({ complete: true, countsExact: true });
    }
  });
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
});

const everything: TableShape[] = (['plain', 'partitioned', 'inherited', 'generated'] as const).flatMap(
  (kind, index) => [
    { schema: 'from', name: `${hostileNames[index]}`, columns: hostileNames, kind, rows: hostileText },
    { schema: '\nCOPY x.y FROM stdin;\n', name: `\n\\.\n${index}`, columns: [], kind, rows: ['', ''] },
  ],
);

test.for(postgresVersions)(
  'tables of PostgreSQL %i with hostile names and rows are counted',
  async (version) => {
    await using server = await startCluster({ version });
    const database = await createDatabase(server, [
      ...everything.flatMap(tableSql),
      ...decorationSql(hostileText),
    ]);
    const contents = await countInDump(server, database);
    expect(countsOf(contents)).toEqual(sorted(await countInDatabase(server, database)));
    expect(contents).toMatchObject({ complete: true, countsExact: true });
    expect(contents.dumpedFrom).toBe(await server.psql('SHOW server_version'));
  },
);

test('what pg_dumpall writes of roles and tablespaces is complete', async () => {
  const { stdout } = await execa(join(cluster.binDir, 'pg_dumpall'), ['--globals-only'], {
    env: cluster.env,
    stripFinalNewline: false,
  });
  const counter = new RowCounter();
  counter.write(Buffer.from(stdout));
  expect(counter.end()).toMatchObject({ complete: true, tables: [] });
});
