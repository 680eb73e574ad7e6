import { byte, find, findEither } from './bytes.js';
import type { TextCapture } from './text-capture.js';

/** Reads what stands in quotes, where a doubled quote, and with `escapes` one after a backslash, is part of it. */
export class QuotedText {
  #quote = 0;
  #escapes = false;
  #after: 'text' | 'quote' | 'backslash' = 'text';
  #ended = false;

  /** Whether the last {@link read} met the end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** After the opening quote. */
  begin(quote: number, escapes: boolean): void {
    this.#quote = quote;
    this.#escapes = escapes;
    this.#after = 'text';
    this.#ended = false;
  }

  /** Reads up to the chunk's end or behind the closing quote, which only the byte after it tells. */
  read(chunk: Buffer, at: number, text: TextCapture | undefined): number {
    let position = at;
    while (position < chunk.length) {
      if (this.#after === 'text') position = this.#readText(chunk, position, text);
      else if (this.#after === 'quote' && chunk[position] !== this.#quote) {
        this.#ended = true;
        return position;
      } else {
        text?.add(chunk, position, position + 1);
        this.#after = 'text';
        position++;
      }
    }
    return position;
  }

  #readText(chunk: Buffer, at: number, text: TextCapture | undefined): number {
    const end = this.#escapes
      ? findEither(chunk, this.#quote, byte.backslash, at)
      : find(chunk, this.#quote, at);
    text?.add(chunk, at, end);
    if (end === chunk.length) return end;
    this.#after = chunk[end] === this.#quote ? 'quote' : 'backslash';
    return end + 1;
  }
}
