import { byte, find } from './bytes.js';

/** Reads a dollar-quoted string, such as a function's body: up to its tag, whatever else is in it. */
export class DollarQuote {
  #tag = Buffer.alloc(0);
  #seen = 0;

  /** Whether the closing tag was met. */
  get ended(): boolean {
    return this.#seen === this.#tag.length;
  }

  /** After the opening tag, whose name (without dollar signs) is given. */
  begin(name: Buffer): void {
    this.#tag = Buffer.concat([Buffer.from('$'), name, Buffer.from('$')]);
    this.#seen = 0;
  }

  /** Reads up to the chunk's end or behind the closing tag. */
  read(chunk: Buffer, at: number): number {
    let position = at;
    while (position < chunk.length && !this.ended) {
      if (this.#seen === 0) position = find(chunk, byte.dollar, position);
      // A tag has dollar signs at its two ends only: after a mismatch just a dollar sign can begin it anew.
      if (chunk[position] === this.#tag[this.#seen]) this.#seen++;
      else this.#seen = chunk[position] === byte.dollar ? 1 : 0;
      position++;
    }
    return Math.min(position, chunk.length);
  }
}
