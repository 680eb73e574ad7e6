/** A name as an SQL identifier for people to paste: bare where that means the same, else in double quotes. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Words that roles and databases are known to be called, and that SQL takes for its own. */
const reserved = new Set(
  'all analyse analyze and any array as asc both case cast check collate column constraint create default desc distinct do else end except false fetch for from grant group having in initially into lateral leading limit not null offset on only or order placing primary references returning select some table then to trailing true union unique user using variadic when where window with'.split(
    ' ',
  ),
);

/** The name that an SQL identifier stands for, as PostgreSQL prints it: in double quotes where it must be. */
export function unquoteName(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/** PostgreSQL cuts a name to this many bytes (`NAMEDATALEN` - 1). */
export const longestNameBytes = 63;

/** Length in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
