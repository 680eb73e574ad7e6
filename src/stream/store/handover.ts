/** Passes portions on, one at a time, to a reader that may be slower, and may stop before the end. */
export class Handover {
  #portion: Buffer | undefined;
  #isOver = false;
  #isLeft = false;
  #taken: () => void = () => {};
  #news: () => void = () => {};

  /** Once `signal` is aborted nobody waits any more, and the reader fails. */
  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      this.#leave();
      this.#news();
    });
  }

  /** Resolves once the reader is done with the portion, for it wants the next or nothing more. */
  async give(portion: Buffer): Promise<void> {
    if (this.#isLeft) return;
    this.#portion = portion;
    this.#news();
    await new Promise<void>((resolve) => {
      this.#taken = resolve;
    });
  }

  /** Tells the reader that nothing more comes. */
  end(): void {
    this.#isOver = true;
    this.#news();
  }

  /** What is given, until {@link end}. For one reader. */
  async *read(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        this.signal.throwIfAborted();
        if (this.#portion) {
          yield this.#portion;
          this.#portion = undefined;
          this.#taken();
        } else if (this.#isOver) return;
        else
          await new Promise<void>((resolve) => {
            this.#news = resolve;
          });
      }
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#isLeft = true;
    this.#taken();
  }
}
