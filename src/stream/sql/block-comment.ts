import { byte } from './bytes.js';

/** Reads a comment between slashes and asterisks, which may hold further ones. */
export class BlockComment {
  #depth = 0;
  #previous = 0;

  /** Whether the outermost comment's end was met. */
  get ended(): boolean {
    return this.#depth === 0;
  }

  /** After the opening. */
  begin(): void {
    this.#depth = 1;
    this.#previous = 0;
  }

  /** Reads up to the chunk's end or behind the comment's. */
  read(chunk: Buffer, at: number): number {
    let position = at;
    while (position < chunk.length && !this.ended) {
      const current = chunk[position++] as number;
      const opens = this.#previous === byte.slash && current === byte.asterisk;
      const closes = this.#previous === byte.asterisk && current === byte.slash;
      if (opens) this.#depth++;
      if (closes) this.#depth--;
      // The asterisk of an opening is not that of a closing as well.
      this.#previous = opens || closes ? 0 : current;
    }
    return position;
  }
}
