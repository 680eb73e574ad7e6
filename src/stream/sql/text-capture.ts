/** More than any name, key word or line that has a meaning in a dump; what is longer is cut. */
const capacity = 4096;

/** Collects a short text that may come in pieces, in bounded memory. */
export class TextCapture {
  readonly #buffer = Buffer.allocUnsafe(capacity);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  clear(): void {
    this.#length = 0;
  }

  add(chunk: Buffer, start: number, end: number): void {
    const stop = Math.min(end, start + capacity - this.#length);
    if (stop - start > 16) {
      chunk.copy(this.#buffer, this.#length, start, stop);
      this.#length += stop - start;
    } else for (let at = start; at < stop; at++) this.#buffer[this.#length++] = chunk[at] as number;
  }

  /** Whether it is the one letter, small or capital. */
  isLetter(capital: string): boolean {
    return this.#length === 1 && ((this.#buffer[0] as number) & 0xdf) === capital.charCodeAt(0);
  }

  /** A copy of what was collected. */
  bytes(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  /** One character a byte, so that no byte is lost whatever the encoding. */
  toString(): string {
    return this.#buffer.toString('latin1', 0, this.#length);
  }
}
