import fc from 'fast-check';
import { table } from './random-table.js';
import { commentOn, inSchema, lit, named, type Place, q, text, word } from './random-words.js';

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
