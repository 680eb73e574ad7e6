/** How far a dump is stored. */
export interface StoreProgress {
  /** Compressed bytes written. */
  storedBytes: number;
  /** Of these, read back. Moves on after the dump has ended, too. */
  readBackBytes: number;
}

const intervalMs = 250;

/** Passes progress on, at most four times a second, and only when there is some. */
export class ProgressReport {
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #progress: StoreProgress = { storedBytes: 0, readBackBytes: 0 };

  constructor(private readonly tell: ((progress: StoreProgress) => void) | undefined) {}

  moved(news: Partial<StoreProgress>): void {
    Object.assign(this.#progress, news);
    const now = performance.now();
    if (now - this.#toldAt < intervalMs) return;
    this.#toldAt = now;
    this.tell?.({ ...this.#progress });
  }
}
