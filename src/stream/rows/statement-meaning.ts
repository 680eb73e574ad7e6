/** A part of a statement outside parentheses; of what is within them only the opening one is a part. */
export interface Part {
  kind: 'word' | 'name' | 'literal' | 'symbol';
  text: string;
}

/** A table as a statement names it, one character a byte. */
export interface NamedTable {
  schema: string;
  table: string;
}

/** What a statement of a dump means to somebody who counts rows. */
export type Meaning =
  | { type: 'other' }
  /** Rows follow, as lines unless it isn't `plain`, up to a line `\.`. */
  | { type: 'copy'; table: NamedTable; plain: boolean }
  | { type: 'insert'; table: NamedTable; rows: number }
  /** Data comes in a way whose rows can't be told from the text. */
  | { type: 'uncountable' }
  | { type: 'setting'; name: string; value: string };

const other: Meaning = { type: 'other' };

/** Reads a statement. `groups`: parentheses opened after `VALUES`, undefined where there is no `VALUES`. */
export function meaningOf(parts: readonly Part[], groups: number | undefined): Meaning {
  const [first, second] = parts;
  if (isWord(first, 'copy')) return copyMeaning(parts);
  if (isWord(first, 'insert') && isWord(second, 'into')) return insertMeaning(parts, groups);
  if (isWord(first, 'set')) return settingMeaning(parts);
  return other;
}

/** Whether `part` is the key word, which is given in small letters. */
export function isWord(part: Part | undefined, word: string): boolean {
  return part?.kind === 'word' && part.text.toLowerCase() === word;
}

/** `COPY schema.table (columns) FROM stdin;` */
function copyMeaning(parts: readonly Part[]): Meaning {
  const { table, rest } = tableAt(parts, 1);
  const [from, stdin, ...options] = isSymbol(rest[0], '(') ? rest.slice(1) : rest;
  if (!isWord(from, 'from') || !isWord(stdin, 'stdin')) return other;
  return { type: 'copy', table, plain: options.length === 0 };
}

/** `INSERT INTO schema.table (columns) OVERRIDING SYSTEM VALUE VALUES (...), (...) ON CONFLICT DO NOTHING;` */
function insertMeaning(parts: readonly Part[], groups: number | undefined): Meaning {
  const { table, rest } = tableAt(parts, 2);
  const words = (isSymbol(rest[0], '(') ? rest.slice(1) : rest).filter((part) => part.kind === 'word');
  const start = words.map((part) => part.text.toLowerCase()).join(' ');
  if (start === 'default values') return { type: 'insert', table, rows: 1 };
  const counted = /^(overriding (system|user) value )?values( on conflict do nothing)?$/.test(start);
  return counted && groups ? { type: 'insert', table, rows: groups } : { type: 'uncountable' };
}

/** `SET name = value;` */
function settingMeaning(parts: readonly Part[]): Meaning {
  const [, name, , value] = parts;
  if (name?.kind !== 'word' || !value) return other;
  return { type: 'setting', name: name.text.toLowerCase(), value: value.text };
}

function tableAt(parts: readonly Part[], index: number): { table: NamedTable; rest: readonly Part[] } {
  const [first, dot, second] = parts.slice(index);
  if (!isSymbol(dot, '.'))
    return { table: { schema: '', table: first?.text ?? '' }, rest: parts.slice(index + 1) };
  const table = { schema: first?.text ?? '', table: second?.text ?? '' };
  return { table, rest: parts.slice(index + 3) };
}

function isSymbol(part: Part | undefined, character: string): boolean {
  return part?.kind === 'symbol' && part.text === character;
}
