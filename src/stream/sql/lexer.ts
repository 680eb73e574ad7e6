import { BlockComment } from './block-comment.js';
import { byte, find, findEither, isDigit, isPassed, isSpace, isTagByte, isWordByte } from './bytes.js';
import { DollarQuote } from './dollar-quote.js';
import type { SqlListener } from './listener.js';
import { QuotedText } from './quoted-text.js';
import { TextCapture } from './text-capture.js';

/** Reads from a position on; gives the position of the first byte that it leaves to the next mode. */
type Mode = (chunk: Buffer, at: number) => number;

const dashes = Buffer.from('--');
const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/**
 * Splits SQL as psql does (its rules of quoting are in PostgreSQL's manual, "Lexical Structure"), from pieces cut
 * anywhere. Holds no string, comment or function body in memory.
 */
export class SqlLexer {
  readonly #listener: SqlListener;
  readonly #text = new TextCapture();
  readonly #quoted = new QuotedText();
  readonly #dollarQuote = new DollarQuote();
  readonly #blockComment = new BlockComment();
  #mode: Mode;
  #stopped = false;
  /** After a string with escapes: one more apostrophe on a later line continues it by the same rules. */
  #escapesContinue = false;
  #lineEnded = false;

  constructor(listener: SqlListener) {
    this.#listener = listener;
    this.#mode = this.#between;
  }

  /** Whether what was read ended between two pieces, none of them left open. */
  get isBetween(): boolean {
    return this.#mode === this.#between;
  }

  /** Reads from `at` to the chunk's end, or to where the listener stops it; gives the position after. */
  read(chunk: Buffer, at: number): number {
    let position = at;
    this.#stopped = false;
    while (position < chunk.length && !this.#stopped) position = this.#mode(chunk, position);
    return position;
  }

  readonly #between: Mode = (chunk, at) => {
    let position = at;
    const passed = this.#listener.wantsText || this.#escapesContinue ? isSpace : isPassed;
    for (; position < chunk.length; position++) {
      const current = chunk[position] as number;
      if (!passed[current]) return this.#begin(current, position);
      if (current === byte.newline) this.#lineEnded = true;
    }
    return position;
  };

  #begin(first: number, at: number): number {
    const continues = this.#escapesContinue && this.#lineEnded;
    // A line comment may stand before the continuation.
    if (first !== byte.dash) this.#escapesContinue = false;
    this.#text.clear();
    if (isTagByte[first]) return this.#enter(this.#word, at);
    switch (first) {
      case byte.apostrophe:
        return this.#beginString(continues || this.#listener.backslashEscapes, at + 1);
      case byte.quotationMark:
        this.#quoted.begin(first, false);
        return this.#enter(this.#name, at + 1);
      case byte.dollar:
        return this.#enter(this.#dollarTag, at + 1);
      case byte.dash:
        return this.#enter(this.#afterDash, at + 1);
      case byte.slash:
        return this.#enter(this.#afterSlash, at + 1);
      case byte.backslash:
        return this.#enter(this.#command, at);
      default:
        return this.#symbol(first, at + 1);
    }
  }

  #enter(mode: Mode, at: number): number {
    this.#mode = mode;
    return at;
  }

  #beginString(escapes: boolean, at: number): number {
    this.#text.clear();
    this.#quoted.begin(byte.apostrophe, escapes);
    return this.#enter(escapes ? this.#escapedString : this.#plainString, at);
  }

  #symbol(code: number, at: number): number {
    this.#mode = this.#between;
    this.#stopped = this.#listener.symbol(characters[code] as string);
    return at;
  }

  readonly #word: Mode = (chunk, at) => {
    let end = at;
    while (end < chunk.length && isWordByte[chunk[end] as number]) end++;
    // Two bytes tell an E before a string from any other word.
    this.#text.add(chunk, at, this.#listener.wantsText ? end : Math.min(end, at + 2));
    if (end === chunk.length) return end;
    if (chunk[end] === byte.apostrophe && this.#text.isLetter('E')) return this.#beginString(true, end + 1);
    this.#mode = this.#between;
    this.#listener.word(this.#take());
    return end;
  };

  readonly #plainString: Mode = (chunk, at) =>
    this.#readQuoted(chunk, at, () => this.#listener.literal(this.#take()));

  readonly #escapedString: Mode = (chunk, at) =>
    this.#readQuoted(chunk, at, () => {
      this.#escapesContinue = true;
      this.#lineEnded = false;
      this.#listener.literal(this.#take());
    });

  readonly #name: Mode = (chunk, at) =>
    this.#readQuoted(chunk, at, () => this.#listener.quotedName(this.#take()));

  #readQuoted(chunk: Buffer, at: number, tell: () => void): number {
    const position = this.#quoted.read(chunk, at, this.#listener.wantsText ? this.#text : undefined);
    if (!this.#quoted.ended) return position;
    this.#mode = this.#between;
    tell();
    return position;
  }

  readonly #dollarTag: Mode = (chunk, at) => {
    const current = chunk[at] as number;
    if (current === byte.dollar) {
      this.#dollarQuote.begin(this.#text.bytes());
      return this.#enter(this.#dollarString, at + 1);
    }
    if (!isTagByte[current] || (this.#text.isEmpty && isDigit[current])) return this.#symbol(byte.dollar, at);
    this.#text.add(chunk, at, at + 1);
    return at + 1;
  };

  readonly #dollarString: Mode = (chunk, at) => {
    const position = this.#dollarQuote.read(chunk, at);
    if (!this.#dollarQuote.ended) return position;
    this.#mode = this.#between;
    this.#listener.literal('');
    return position;
  };

  readonly #afterDash: Mode = (chunk, at) => {
    if (chunk[at] === byte.dash) {
      this.#text.add(dashes, 0, dashes.length);
      return this.#enter(this.#comment, at + 1);
    }
    this.#escapesContinue = false;
    return this.#symbol(byte.dash, at);
  };

  readonly #comment: Mode = (chunk, at) => {
    const end = findEither(chunk, byte.newline, byte.return, at);
    return this.#readLine(chunk, at, end, (line) => this.#listener.comment(line));
  };

  readonly #command: Mode = (chunk, at) =>
    this.#readLine(chunk, at, find(chunk, byte.newline, at), (line) => this.#listener.command(line));

  #readLine(chunk: Buffer, at: number, end: number, tell: (line: string) => void): number {
    this.#text.add(chunk, at, end);
    if (end === chunk.length) return end;
    this.#mode = this.#between;
    tell(this.#text.toString());
    return end;
  }

  readonly #afterSlash: Mode = (chunk, at) => {
    if (chunk[at] !== byte.asterisk) return this.#symbol(byte.slash, at);
    this.#blockComment.begin();
    return this.#enter(this.#inBlockComment, at + 1);
  };

  readonly #inBlockComment: Mode = (chunk, at) => {
    const position = this.#blockComment.read(chunk, at);
    if (this.#blockComment.ended) this.#mode = this.#between;
    return position;
  };

  #take(): string {
    return this.#listener.wantsText ? this.#text.toString() : '';
  }
}
