import type { TableRows } from '../../domain/backup/metadata.js';
import { SqlLexer } from '../sql/lexer.js';
import type { SqlListener } from '../sql/listener.js';
import { decodeName, isSafelySplit } from './client-encoding.js';
import { CopyRows } from './copy-rows.js';
import { DumpStatements } from './dump-statements.js';
import { EndMarker } from './end-marker.js';
import type { Meaning, NamedTable } from './statement-meaning.js';

/** What a dump in `pg_dump`'s plain format holds. */
export interface DumpContents {
  /** Each table that data stands for, in the dump's order; empty ones too, unless data comes as INSERTs. */
  tables: TableRows[];
  /** False where data comes in a way whose rows can't be counted from the text. */
  countsExact: boolean;
  /** Whether the dump's own end marker was found, and as its end. */
  complete: boolean;
  /** The server's version, as the dump's header has it. */
  dumpedFrom?: string;
  /** The version of `pg_dump`, as the dump's header has it. */
  dumpedBy?: string;
  /** Roles and extensions that its statements name; left out where there are none. */
  roles?: string[];
  extensions?: string[];
}

/**
 * Counts each table's rows in a dump of `pg_dump`'s plain format, in pieces cut anywhere. It splits the SQL as psql
 * does, so that no name, comment, string or function body passes for data or for the end marker.
 */
export class RowCounter implements SqlListener {
  wantsText = true;
  backslashEscapes = false;
  readonly #lexer = new SqlLexer(this);
  readonly #statements = new DumpStatements();
  readonly #endMarker = new EndMarker();
  readonly #rows = new Map<string, NamedTable & { rows: number }>();
  #copy: { rows: CopyRows; table: NamedTable; begun: boolean } | undefined;
  #countsExact = true;
  #encoding = 'UTF8';
  #dumpedFrom: string | undefined;
  #dumpedBy: string | undefined;

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at = this.#copy ? this.#readCopy(this.#copy, chunk, at) : this.#lexer.read(chunk, at);
  }

  /** To be called once, after the last {@link write}. */
  end(): DumpContents {
    if (this.#copy) this.#add(this.#copy.table, this.#copy.rows.rows);
    const { roles, extensions } = this.#statements.needs;
    const closed = !this.#copy && this.#lexer.isBetween && this.#statements.isBetween;
    return {
      tables: [...this.#rows.values()].map((counted) => this.#decode(counted)),
      countsExact: this.#countsExact && isSafelySplit(this.#encoding),
      complete: closed && this.#endMarker.isLast,
      ...(this.#dumpedFrom === undefined ? {} : { dumpedFrom: this.#dumpedFrom }),
      ...(this.#dumpedBy === undefined ? {} : { dumpedBy: this.#dumpedBy }),
      ...(roles.size > 0 && { roles: this.#names(roles) }),
      ...(extensions.size > 0 && { extensions: this.#names(extensions) }),
    };
  }

  word(text: string): void {
    this.#endMarker.sql();
    this.#statements.word(text);
  }

  quotedName(text: string): void {
    this.#endMarker.sql();
    this.#statements.name(text);
  }

  literal(text: string): void {
    this.#endMarker.sql();
    this.#statements.literal(text);
  }

  symbol(character: string): boolean {
    this.#endMarker.sql();
    const meaning = this.#statements.symbol(character);
    this.wantsText = this.#statements.isOutermost;
    if (meaning) this.#take(meaning);
    return this.#copy !== undefined;
  }

  comment(line: string): void {
    this.#endMarker.comment(line);
    const [, what, version] = /^-- Dumped (from database|by pg_dump) version (.+)$/.exec(line) ?? [];
    if (what === 'from database') this.#dumpedFrom ??= version;
    if (what === 'by pg_dump') this.#dumpedBy ??= version;
  }

  command(line: string): void {
    this.#endMarker.command(line);
  }

  #take(meaning: Meaning): void {
    if (meaning.type === 'copy') {
      this.#copy = { rows: new CopyRows(), table: meaning.table, begun: false };
      if (!meaning.plain) this.#countsExact = false;
    } else if (meaning.type === 'insert') this.#add(meaning.table, meaning.rows);
    else if (meaning.type === 'uncountable') this.#countsExact = false;
    else if (meaning.type === 'setting') this.#set(meaning.name, meaning.value);
  }

  #set(name: string, value: string): void {
    if (name === 'client_encoding') this.#encoding = value;
    if (name === 'standard_conforming_strings') this.backslashEscapes = value.toLowerCase() === 'off';
  }

  /** The rows begin on the line after the statement. */
  #readCopy(copy: { rows: CopyRows; table: NamedTable; begun: boolean }, chunk: Buffer, at: number): number {
    if (!copy.begun) {
      copy.begun = chunk[at] === 0x0a;
      if (!copy.begun && chunk[at] !== 0x20) this.#countsExact = false;
      return at + 1;
    }
    const position = copy.rows.read(chunk, at);
    if (copy.rows.ended) {
      this.#add(copy.table, copy.rows.rows);
      this.#copy = undefined;
    }
    return position;
  }

  #add({ schema, table }: NamedTable, rows: number): void {
    const key = `${schema}\0${table}`;
    const counted = this.#rows.get(key);
    if (counted) counted.rows += rows;
    else this.#rows.set(key, { schema, table, rows });
  }

  #names(found: Iterable<string>): string[] {
    return [...found].map((name) => decodeName(name, this.#encoding)).sort();
  }

  #decode({ schema, table, rows }: TableRows): TableRows {
    return { schema: decodeName(schema, this.#encoding), table: decodeName(table, this.#encoding), rows };
  }
}
