import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DumpContents, RowCounter } from '../../../src/stream/rows/row-counter.js';

const endMarker = '--\n-- PostgreSQL database dump complete\n--\n\n';

/** Counts `dump` in pieces cut at `cuts`. */
function count(dump: string | Buffer, cuts: number[] = []): DumpContents {
  const bytes = Buffer.from(dump as string);
  const counter = new RowCounter();
  const sorted = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of sorted) {
    counter.write(bytes.subarray(start, end));
    start = end;
  }
  return counter.end();
}

/** Counts of all tables as `schema.table`: rows. */
function rowsOf(contents: DumpContents): Record<string, number> {
  return Object.fromEntries(contents.tables.map(({ schema, table, rows }) => [`${schema}.${table}`, rows]));
}

const awkwardDump = String.raw`--
-- PostgreSQL database dump
--

\restrict aB3

-- Dumped from database version 17.6 (Debian 17.6-1)
-- Dumped by pg_dump version 18.0

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

CREATE FUNCTION public.f() RETURNS text
    LANGUAGE sql
    AS $_$ SELECT 'x$1$$
COPY public.fake1 (a) FROM stdin;
1
\.
--
-- PostgreSQL database dump complete
--
' $_$;

CREATE FUNCTION public.g(a integer) RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT CASE WHEN true THEN 1 END;
 INSERT INTO public.fake2 (a) VALUES (CASE WHEN 1 > 0 THEN 1 ELSE 2 END);
END;

CREATE RULE r AS
    ON INSERT TO public.a DO ( INSERT INTO public.fake3 (a) VALUES (1); DELETE FROM public.a; );

COMMENT ON TABLE public.a IS 'it''s
COPY public.fake4 (a) FROM stdin;
';
COMMENT ON TABLE public.b IS E'it\'s\\
COPY public.fake5 (a) FROM stdin;
';
/* COPY public.fake6 (a) FROM stdin; /* nested */
COPY public.fake7 (a) FROM stdin;
*/
-- COPY public.fake8 (a) FROM stdin;
CREATE TABLE public."x
COPY public.fake9 (a) FROM stdin;
" (a integer);

COPY public.a (a, "b;""c") FROM stdin;
1	COPY public.fake10 (a) FROM stdin;
\\.	it's "one" $$ /* --
\N	\.
.
\.


COPY public."x
COPY public.fake9 (a) FROM stdin;
" (a) FROM stdin;
\.


COPY "From"."stdin;" (a) FROM stdin;
1
\.


COPY public.nothing  FROM stdin;



\.


--
-- PostgreSQL database dump complete
--

\unrestrict aB3

`;
const awkwardRows = {
  'public.a': 4,
  'public.x\nCOPY public.fake9 (a) FROM stdin;\n': 0,
  'From.stdin;': 1,
  'public.nothing': 3,
};

describe('rows', () => {
  test('of COPY blocks are counted, of what only looks like them are not', () => {
    const contents = count(awkwardDump);
    expect(rowsOf(contents)).toEqual(awkwardRows);
    expect(contents).toMatchObject({
      complete: true,
      countsExact: true,
      dumpedFrom: '17.6 (Debian 17.6-1)',
      dumpedBy: '18.0',
    });
  });

  test('are the same wherever the dump is cut', { timeout: 120_000 }, () => {
    const whole = count(awkwardDump);
    for (let cut = 0; cut < awkwardDump.length; cut++)
      expect(count(awkwardDump, [cut, cut + 1])).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat()), (cuts) => {
        expect(count(awkwardDump, cuts)).toEqual(whole);
      }),
    );
    expect(
      count(
        awkwardDump,
        Array.from({ length: awkwardDump.length }, (_, index) => index),
      ),
    ).toEqual(whole);
  });

  test('of any lines are counted, whatever surrounds them in memory', () => {
    const line = fc.oneof(
      fc.constantFrom('', '\\N', '\\\\.', '.', '\\\\', '\n'.repeat(0), '\r', '\\b.'),
      fc.string({ unit: 'binary' }).map((text) => text.replace(/[\\\n]/g, 'x')),
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 2000 }),
        fc.array(fc.nat()),
        fc.nat(9),
        (lines, cuts, offset) => {
          const dump = `COPY public.t (a) FROM stdin;\n${lines.map((text) => `${text}\n`).join('')}\\.\n${endMarker}`;
          const padded = Buffer.concat([Buffer.alloc(offset, '\n'), Buffer.from(dump)]).subarray(offset);
          expect(count(padded, cuts)).toMatchObject({ complete: true, tables: [{ rows: lines.length }] });
        },
      ),
    );
  });

  test('of a table whose data comes in several blocks are added up', () => {
    const block = 'COPY public.t (a) FROM stdin;\n1\n2\n\\.\n';
    expect(rowsOf(count(block + block + endMarker))).toEqual({ 'public.t': 4 });
  });

  test('are counted in INSERT statements of every form that pg_dump writes', () => {
    const contents = count(String.raw`
INSERT INTO public.t VALUES (1, 'a;b', NULL), (2, ');(', E'\'('), (3, -1 / (2), '{"a": [1]}');
INSERT INTO public.t (a, b) VALUES (1, '--'), ('/*', "E"'');
INSERT INTO public."T""" (a) OVERRIDING SYSTEM VALUE VALUES (1) ON CONFLICT DO NOTHING;
INSERT INTO public.empty DEFAULT VALUES;
${endMarker}`);
    expect(rowsOf(contents)).toEqual({ 'public.t': 5, 'public.T"': 1, 'public.empty': 1 });
    expect(contents).toMatchObject({ countsExact: true, complete: true });
  });

  test.for([
    'INSERT INTO public.t SELECT generate_series(1, 9);',
    'INSERT INTO public.t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = (1);',
    "COPY public.t (a) FROM stdin WITH (FORMAT csv);\n'a\n'\n\\.\n",
    "SET client_encoding = 'SJIS';",
  ])('that cannot be told from the text are said not to be exact: %s', (sql) => {
    expect(count(`${sql}\n${endMarker}`)).toMatchObject({ countsExact: false, complete: true });
  });

  test('are counted where backslashes escape in plain strings', () => {
    const sql = String.raw`SET standard_conforming_strings = off;
COMMENT ON TABLE public.t IS 'it\';
COPY public.fake (a) FROM stdin;
';
COPY public.t (a) FROM stdin;
1
\.
`;
    expect(rowsOf(count(sql + endMarker))).toEqual({ 'public.t': 1 });
  });

  test.for([
    ['LATIN1', Buffer.from('ü', 'latin1'), 'ü'],
    ['WIN1251', Buffer.from([0xd9]), 'Щ'],
    ['EUC_JP', Buffer.from([0xb4, 0xc1]), '漢'],
    ['UTF8', Buffer.from('漢'), '漢'],
    ['SQL_ASCII', Buffer.from([0xff]), 'ÿ'],
  ] as const)('have their table named as in a database of encoding %s', ([encoding, bytes, name]) => {
    const start = Buffer.from(`SET client_encoding = '${encoding}';\nCOPY public."`);
    const dump = Buffer.concat([start, bytes, Buffer.from(`" (a) FROM stdin;\n\\.\n`)]);
    expect(rowsOf(count(dump))).toEqual({ [`public.${name}`]: 0 });
  });
});

describe('the end marker', () => {
  test.for([
    ['missing', 'SELECT 1;\n'],
    ['followed by SQL', `${endMarker}SELECT 1;\n`],
    ['followed by a comment', `${endMarker}-- more\n`],
    ['in a string that never ends', `SELECT '\n${endMarker}`],
    ['in a dollar-quoted string that never ends', `DO $a$\n${endMarker}`],
    ['in a comment that never ends', `/*\n${endMarker}`],
    ['within a statement that never ends', `CREATE TABLE t (\n${endMarker}`],
    ['in the data of a table', `COPY public.t (a) FROM stdin;\n${endMarker}`],
    ['cut', endMarker.slice(0, -4)],
    ['of another spelling', endMarker.replace('complete', 'completed')],
    ['without the rule before it', endMarker.slice(3)],
    ['without the \\unrestrict that the dump announces', `\\restrict abc\n${endMarker}`],
    ['before another dump’s \\unrestrict', `\\restrict abc\n${endMarker}\\unrestrict abd\n`],
  ])('counts for nothing when it is %s', ([, dump]) => {
    expect(count(dump ?? '').complete).toBe(false);
  });

  test.for([
    ['alone', endMarker],
    ['without the last empty line', endMarker.slice(0, -1)],
    ['of pg_dumpall', endMarker.replace('database dump', 'database cluster dump')],
    ['enclosed', `\\restrict abc\n${endMarker}\\unrestrict abc\n\n`],
  ])('counts %s', ([, dump]) => {
    expect(count(dump ?? '').complete).toBe(true);
  });

  test('of a dump cut anywhere before it is not found', () => {
    const lastByte = awkwardDump.indexOf('\\unrestrict') + '\\unrestrict aB3\n'.length;
    for (let length = 0; length < lastByte; length++) {
      expect(count(awkwardDump.slice(0, length)).complete).toBe(false);
    }
  });
});

test('a string of 40 MB, as large objects are, is not held in memory', () => {
  const counter = new RowCounter();
  counter.write(Buffer.from("SELECT pg_catalog.lowrite(0, '\\x"));
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.alloc(1024 * 1024, '61');
  for (let index = 0; index < 40; index++) counter.write(chunk);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 1024 * 1024);
  counter.write(Buffer.from(`');\n${endMarker}`));
  expect(counter.end()).toMatchObject({ complete: true, tables: [] });
});

test('roles and extensions that statements name are told, and no word that only looks like one', () => {
  const { roles, extensions } = count(`
ALTER TABLE public.orders OWNER TO keeper;
ALTER FUNCTION public.f(owner to, x integer) OWNER TO "Odd ""one""";
ALTER TABLE public.orders RENAME TO not_a_role;
GRANT SELECT,INSERT,REFERENCES,DELETE,TRIGGER,TRUNCATE,UPDATE,MAINTAIN ON TABLE public."to" TO reader WITH GRANT OPTION;
GRANT SELECT(a),UPDATE(b) ON TABLE public.orders TO PUBLIC;
REVOKE ALL ON SCHEMA public FROM revoked;
ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA public GRANT SELECT ON TABLES TO given;
CREATE POLICY p ON public.orders AS PERMISSIVE FOR ALL TO clerk, "chef" USING ((owner = 'x'));
CREATE USER MAPPING FOR mapped SERVER s OPTIONS (user 'x');
SET SESSION AUTHORIZATION 'granter';
SET SESSION AUTHORIZATION DEFAULT;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;
CREATE EXTENSION hstore;
CREATE FUNCTION g() RETURNS void LANGUAGE sql AS $$ ALTER TABLE t OWNER TO inside_a_body; $$;
COMMENT ON TABLE public.orders IS 'ALTER TABLE t OWNER TO in_a_text;';
COPY public.orders (a) FROM stdin;
ALTER TABLE t OWNER TO in_a_row;
\\.
${endMarker}`);
  expect(roles).toEqual(
    [
      'keeper',
      'Odd "one"',
      'reader',
      'revoked',
      'maker',
      'given',
      'clerk',
      'chef',
      'mapped',
      'granter',
    ].sort(),
  );
  expect(extensions).toEqual(['hstore', 'uuid-ossp']);
});
