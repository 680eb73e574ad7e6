/** Lets so many work at a time, in the order in which they asked: those of one worker, whichever workflow asks. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /**
   * Works when it is its turn; `onWait` is called every second until then. Rejects where the signal comes first.
   */
  async take<T>(
    work: () => Promise<T>,
    { signal, onWait }: { signal: AbortSignal; onWait: () => void },
  ): Promise<T> {
    await this.#turn(signal, onWait);
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  async #turn(signal: AbortSignal, onWait: () => void): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const timer = setInterval(onWait, 1000);
    try {
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          this.#waiting.splice(this.#waiting.indexOf(enter), 1);
          reject(signal.reason as Error);
        };
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        signal.addEventListener('abort', leave, { once: true });
        this.#waiting.push(enter);
      });
    } finally {
      clearInterval(timer);
    }
  }

  /** Hands the place on, or frees it. */
  #pass(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
