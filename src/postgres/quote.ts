import pg from 'pg';

/** A name as an SQL identifier, always in double quotes. */
export function quoteIdentifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** A text as an SQL literal. */
export function quoteLiteral(text: string): string {
  return pg.escapeLiteral(text);
}

/**
 * `keyword='value'` of a libpq connection string, for options that take nothing else: whatever the value looks
 * like, libpq reads it as that keyword's value (PostgreSQL manual, "Connection Strings").
 */
export function conninfo(keyword: string, value: string): string {
  return `${keyword}='${value.replace(/[\\']/g, '\\$&')}'`;
}

/** A name as messages show it: in double quotes, on one line. */
export function showName(name: string): string {
  return JSON.stringify(name);
}
