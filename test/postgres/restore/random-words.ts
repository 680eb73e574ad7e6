import fc from 'fast-check';
import { quoteIdentifier, quoteLiteral } from '../../../src/postgres/quote.js';

/** Roles that random schemas name; they must be there. */
export const schemaRoles = ['clerk', 'Odd "role"'];

/** Text as people and attackers write it; PostgreSQL takes anything but NUL. */
export const text = fc.oneof(
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

/** What names are made of. */
export const word = fc.oneof(
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
export const named = (kind: string, n: number) =>
  word.map((some) => `${Buffer.from(some).subarray(0, 40).toString().replaceAll('\uFFFD', '')}${kind}${n}`);

/** Where an object goes, and what tells its name from others. */
export interface Place {
  schema: string;
  n: number;
}

/** SQL of a name, of a text, of a name in its schema, of a comment. */
export const q = quoteIdentifier;
export const lit = quoteLiteral;
export const inSchema = ({ schema }: Place, name: string) => `${q(schema)}.${q(name)}`;
export const commentOn = (what: string, comment: string | undefined) =>
  comment === undefined ? [] : [`COMMENT ON ${what} IS ${lit(comment)}`];
