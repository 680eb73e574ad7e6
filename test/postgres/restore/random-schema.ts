import fc from 'fast-check';
import { quoteIdentifier, quoteLiteral } from '../../../src/postgres/quote.js';

/** Roles that random schemas name; they must be there. */
export const schemaRoles = ['clerk', 'Odd "role"'];

/** Text as people and attackers write it; PostgreSQL takes anything but NUL. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    '\\.',
    '\\N',
    '\t\r\n',
    "it's",
    '$$; DROP TABLE x; $$',
    '-- no comment',
    '/* open',
    '\\connect x',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((any) => any.replaceAll('\0', '')),
);

const word = fc.oneof(
  fc.constantFrom(
    't',
    'select',
    'Order',
    'a b',
    'a"b',
    "a'b",
    'ü',
    '$1',
    'x;y',
    'new\nline',
    '-Fp',
    '%s',
    'a.b',
    '\\d',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map((any) => any.replaceAll('\0', '') || 'x'),
);

/** Names that differ whatever their words: at most 63 bytes. */
const named = (kind: string, n: number) =>
  word.map((some) => `${Buffer.from(some).subarray(0, 40).toString().replaceAll('\uFFFD', '')}${kind}${n}`);

const columnTypes = [
  ...[
    'integer',
    'bigint',
    'numeric(12,3)',
    'text',
    'varchar(40)',
    'bytea',
    'boolean',
    'date',
    'uuid',
    'jsonb',
  ],
  ...[
    'timestamp with time zone',
    'interval',
    'double precision',
    'inet',
    'int4range',
    'text[]',
    'point',
    'xml',
  ],
  ...['"char"', 'bit varying(9)', 'tsvector', 'money'],
];

const column = fc.record({
  name: word,
  type: fc.constantFrom(...columnTypes),
  notNull: fc.boolean(),
  textDefault: fc.option(text, { nil: undefined }),
  comment: fc.option(text, { nil: undefined }),
});

interface Place {
  schema: string;
  n: number;
}

const q = quoteIdentifier;
const lit = quoteLiteral;
const inSchema = ({ schema }: Place, name: string) => `${q(schema)}.${q(name)}`;
const commentOn = (what: string, comment: string | undefined) =>
  comment === undefined ? [] : [`COMMENT ON ${what} IS ${lit(comment)}`];

/** A table with columns, rows of text, keys, comments, privileges; perhaps with a child, a view and a policy. */
const table = (place: Place) =>
  fc
    .record({
      name: named('t', place.n),
      columns: fc.array(column, { maxLength: 5 }),
      rows: fc.array(text, { maxLength: 4 }),
      identity: fc.constantFrom('ALWAYS', 'BY DEFAULT'),
      grantee: fc.constantFrom('PUBLIC', ...schemaRoles.map(q)),
      owner: fc.option(fc.constantFrom(...schemaRoles), { nil: undefined }),
      privileges: fc.subarray(['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'], { minLength: 1 }),
      has: fc.subarray(['child', 'view', 'materialized', 'policy', 'index', 'check'] as const),
    })
    .map(({ name, columns, rows, identity, grantee, owner, privileges, has }) => {
      const own = inSchema(place, name);
      const beside = (suffix: string) => inSchema(place, `${name}${suffix}`);
      const told = columns.map(({ name: some, type, notNull, textDefault }, index) => {
        const hasDefault = ['text', 'text[]', 'varchar(40)'].includes(type) && textDefault !== undefined;
        const value = type === 'text[]' ? `ARRAY[${lit(textDefault ?? '')}]` : lit(textDefault ?? '');
        return `${q(`${some}${index}`)} ${type}${hasDefault ? ` DEFAULT ${value}` : ''}${notNull && rows.length === 0 && !has.includes('child') ? ' NOT NULL' : ''}`;
      });
      const also = {
        child: [
          `CREATE TABLE ${beside('c')} (more text) INHERITS (${own})`,
          `INSERT INTO ${beside('c')} (id, note) VALUES (7, 'child')`,
        ],
        view: [
          `CREATE VIEW ${beside('v')} WITH (security_barrier) AS SELECT note, count(*) AS "n ""m" FROM ${own} GROUP BY note`,
        ],
        materialized: [`CREATE MATERIALIZED VIEW ${beside('m')} AS SELECT upper(note) AS u FROM ${own}`],
        policy: [
          `CREATE POLICY ${q(`${name}p`)} ON ${own} TO ${q('clerk')} USING (note <> ${lit(name)})`,
          `ALTER TABLE ${own} ENABLE ROW LEVEL SECURITY`,
        ],
        index: [`CREATE INDEX ${q(`${name}i`)} ON ${own} (lower(note) DESC) WHERE note <> ${lit(name)}`],
        check: [`ALTER TABLE ${own} ADD CONSTRAINT ${q(`${name}k`)} CHECK (note <> 'never') NOT VALID`],
      };
      return [
        `CREATE TABLE ${own} (id bigint GENERATED ${identity} AS IDENTITY PRIMARY KEY, note text${told.map((each) => `, ${each}`).join('')})`,
        ...rows.map((row) => `INSERT INTO ${own} (note) VALUES (${lit(row)})`),
        ...columns.flatMap((each, index) =>
          commentOn(`COLUMN ${own}.${q(`${each.name}${index}`)}`, each.comment),
        ),
        ...commentOn(`TABLE ${own}`, rows[0]),
        ...has.flatMap((each) => also[each]),
        ...(owner === undefined ? [] : [`ALTER TABLE ${own} OWNER TO ${q(owner)}`]),
        `GRANT ${privileges.join(', ')} ON ${own} TO ${grantee}`,
      ];
    });

const partitioned = (place: Place) =>
  fc
    .record({ name: named('p', place.n), rows: fc.array(fc.integer({ min: 0, max: 199 }), { maxLength: 5 }) })
    .map(({ name, rows }) => {
      const own = inSchema(place, name);
      const part = (suffix: string) => inSchema(place, `${name}${suffix}`);
      return [
        `CREATE TABLE ${own} (n int, note text) PARTITION BY RANGE (n)`,
        `CREATE TABLE ${part('a')} PARTITION OF ${own} FOR VALUES FROM (MINVALUE) TO (100)`,
        `CREATE TABLE ${part('b')} PARTITION OF ${own} DEFAULT PARTITION BY LIST (note)`,
        `CREATE TABLE ${part('d')} PARTITION OF ${part('b')} DEFAULT`,
        `CREATE INDEX ON ${own} (n)`,
        ...rows.map((n) => `INSERT INTO ${own} VALUES (${n}, ${lit(name)})`),
      ];
    });

const types = (place: Place) =>
  fc
    .record({
      name: named('y', place.n),
      labels: fc.uniqueArray(
        text.map((label) => label.slice(0, 10)),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map(({ name, labels }) => {
      const own = inSchema(place, name);
      return [
        `CREATE TYPE ${own} AS ENUM (${labels.map(lit).join(', ')})`,
        `CREATE DOMAIN ${inSchema(place, `${name}d`)} AS ${own} CHECK (VALUE IS NOT NULL)`,
        `CREATE TYPE ${inSchema(place, `${name}c`)} AS (a ${own}, "b c" int)`,
        `CREATE TABLE ${inSchema(place, `${name}u`)} (e ${own} DEFAULT ${lit(labels[0] ?? '')}, es ${own}[])`,
        `INSERT INTO ${inSchema(place, `${name}u`)} DEFAULT VALUES`,
      ];
    });

const sequence = (place: Place) =>
  fc
    .record({
      name: named('s', place.n),
      by: fc.constantFrom(-7, -1, 1, 3),
      used: fc.nat(3),
      cycle: fc.boolean(),
    })
    .map(({ name, by, used, cycle }) => {
      const own = inSchema(place, name);
      return [
        `CREATE SEQUENCE ${own} INCREMENT ${by} ${cycle ? 'CYCLE' : 'NO CYCLE'} CACHE 2`,
        ...Array.from({ length: used }, () => `SELECT nextval(${lit(own)})`),
        `GRANT USAGE ON SEQUENCE ${own} TO ${q('clerk')} WITH GRANT OPTION`,
      ];
    });

const routine = (place: Place) =>
  fc
    .record({ name: named('f', place.n), body: text, argument: word, comment: text })
    .map(({ name, body, argument, comment }) => {
      const own = inSchema(place, name);
      return [
        `CREATE FUNCTION ${own} (${q(argument)} text DEFAULT ${lit(body)}) RETURNS text LANGUAGE sql STABLE AS ${lit(`SELECT ${lit(body)} || $1`)}`,
        ...commentOn(`FUNCTION ${own} (text)`, comment),
        `REVOKE ALL ON FUNCTION ${own} (text) FROM PUBLIC`,
        `CREATE FUNCTION ${inSchema(place, `${name}g`)} () RETURNS trigger LANGUAGE plpgsql AS ${lit(`BEGIN /* ${body.replaceAll(/[/*]/g, '')} */ RETURN new; END`)}`,
        `CREATE TABLE ${inSchema(place, `${name}w`)} (watched text)`,
        `CREATE TRIGGER ${q(`${name}x`)} BEFORE UPDATE OF watched ON ${inSchema(place, `${name}w`)} FOR EACH ROW WHEN (new.watched IS DISTINCT FROM ${lit(body)}) EXECUTE FUNCTION ${inSchema(place, `${name}g`)} (${lit(body)})`,
      ];
    });

const objects = [table, table, table, partitioned, types, sequence, routine];

/** Statements that fill an empty database with whatever objects, one random schema each. */
export const randomSchema: fc.Arbitrary<string[]> = fc
  .array(
    fc.record({
      name: word,
      comment: text,
      kinds: fc.subarray(
        objects.map((_, index) => index),
        { minLength: 1 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .chain((schemas) =>
    fc.tuple(
      ...schemas.map(({ name, comment, kinds }, index) => {
        const schema = `${Buffer.from(name).subarray(0, 40).toString().replaceAll('\uFFFD', '')}s${index}`;
        const parts = kinds.map((kind) => (objects[kind] ?? table)({ schema, n: kind }));
        return fc
          .tuple(...parts)
          .map((made) => [
            `CREATE SCHEMA ${q(schema)}`,
            ...commentOn(`SCHEMA ${q(schema)}`, comment),
            ...made.flat(),
          ]);
      }),
    ),
  )
  .map((made) => made.flat());
