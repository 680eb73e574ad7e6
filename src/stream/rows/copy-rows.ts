import { countNewlines } from './newlines.js';

/** Ends the data of a COPY, on a line of its own. Data can't hold it: COPY writes a backslash as two. */
const endLine = Buffer.from('\\.\n');
const endLineAfterRow = Buffer.from('\n\\.\n');

/** Inside a row, neither at its start nor within what may be the end line. */
const withinRow = -1;

/**
 * Counts the rows of one COPY block in text format, where line breaks within values are escaped: a line is a row.
 * Takes the data in pieces cut anywhere.
 */
export class CopyRows {
  #rows = 0;
  #ended = false;
  /** How many bytes of the end line the current line has so far; {@link withinRow} when it can't be it. */
  #endLineSeen = 0;

  get rows(): number {
    return this.#rows;
  }

  /** Whether the end line was met. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Reads from `at`, to the end of the block or of the chunk; gives the position of the first byte not read. */
  read(chunk: Buffer, at: number): number {
    let position = at;
    while (this.#endLineSeen !== withinRow && position < chunk.length) {
      if (chunk[position] !== endLine[this.#endLineSeen]) this.#endLineSeen = withinRow;
      else {
        position++;
        this.#endLineSeen++;
        this.#ended = this.#endLineSeen === endLine.length;
        if (this.#ended) return position;
      }
    }
    return position < chunk.length ? this.#readRows(chunk, position) : position;
  }

  #readRows(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(endLineAfterRow, at);
    if (end !== -1) {
      this.#rows += countNewlines(chunk, at, end + 1);
      this.#ended = true;
      return end + endLineAfterRow.length;
    }
    this.#rows += countNewlines(chunk, at, chunk.length);
    this.#endLineSeen = endLineSeenAtEnd(chunk, at);
    return chunk.length;
  }
}

/** How much of the end line a chunk, read from `from` without meeting it, ends with. */
function endLineSeenAtEnd(chunk: Buffer, from: number): number {
  for (let seen = 0; seen < endLine.length; seen++) {
    const start = chunk.length - seen - 1;
    if (start >= from && endLineAfterRow.compare(chunk, start, chunk.length, 0, seen + 1) === 0) return seen;
  }
  return withinRow;
}
