/** Takes bytes off a source in portions of a known size. */
export class ByteQueue {
  readonly #source: AsyncIterator<Buffer>;
  #chunks: Buffer[] = [];
  #length = 0;
  #taken = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** How many bytes were taken. */
  get taken(): number {
    return this.#taken;
  }

  /** The next `size` bytes, fewer where the source ends, without taking them. */
  async peek(size: number): Promise<Buffer> {
    while (this.#length < size) {
      const { value, done } = await this.#source.next();
      if (done) break;
      this.#chunks.push(value);
      this.#length += value.length;
    }
    const [first] = this.#chunks;
    if (this.#chunks.length > 1 && (first?.length ?? 0) < size) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]?.subarray(0, size) ?? Buffer.alloc(0);
  }

  /** The next `size` bytes, fewer where the source ends. */
  async take(size: number): Promise<Buffer> {
    const bytes = await this.peek(size);
    const rest = this.#chunks[0]?.subarray(bytes.length);
    this.#chunks.shift();
    if (rest && rest.length > 0) this.#chunks.unshift(rest);
    this.#length -= bytes.length;
    this.#taken += bytes.length;
    return bytes;
  }

  /** What comes next in one piece, at most `size` bytes; none where the source ends. */
  async takeSome(size: number): Promise<Buffer> {
    await this.peek(1);
    return this.take(Math.min(size, this.#chunks[0]?.length ?? 0));
  }

  /** All that is left, as it comes. */
  async *rest(): AsyncGenerator<Buffer> {
    for (const chunk of this.#chunks.splice(0)) {
      this.#taken += chunk.length;
      yield chunk;
    }
    this.#length = 0;
    for (;;) {
      const { value, done } = await this.#source.next();
      if (done) return;
      this.#taken += value.length;
      yield value;
    }
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
