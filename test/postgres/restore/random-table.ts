import fc from 'fast-check';
import { commentOn, inSchema, lit, named, type Place, q, schemaRoles, text, word } from './random-words.js';

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

/** A table with columns, rows of text, keys, comments, privileges; perhaps with a child, a view and a policy. */
export const table = (place: Place) =>
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
