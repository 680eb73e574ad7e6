export interface RefreshOptions {
  /** What was found is good for as long. */
  freshMs: number;
  /** And for as many times as long as finding it took. @defaultValue 0 */
  pausesPerLook?: number;
  /** Who asks waits no longer than this. */
  patienceMs: number;
}

/** None is older than rules expect, where the looking itself does not last. */
const longestPauseMs = 5 * 60_000;

/**
 * Something that is looked at for whoever asks: once at a time, and not at all while what was found is fresh. Who has lost
 * patience gets what was found before.
 */
export class Refreshed<T> {
  #known: T | undefined;
  #running: Promise<void> | undefined;
  #freshUntil = 0;

  constructor(
    private readonly look: () => Promise<T>,
    private readonly options: RefreshOptions,
  ) {}

  /** What is known by now; undefined where nothing was ever found. Rejects where a look fails. */
  async get(): Promise<T | undefined> {
    if (!this.#running && performance.now() < this.#freshUntil) return this.#known;
    if (!this.#running) {
      this.#running = this.#refresh().finally(() => {
        this.#running = undefined;
      });
      // Whoever waits hears of it; nobody may.
      this.#running.catch(() => undefined);
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.options.patienceMs);
    });
    await Promise.race([this.#running, patience]).finally(() => clearTimeout(timer));
    return this.#known;
  }

  async #refresh(): Promise<void> {
    const { freshMs, pausesPerLook = 0 } = this.options;
    const begunAt = performance.now();
    this.#known = await this.look();
    const tookMs = performance.now() - begunAt;
    this.#freshUntil =
      performance.now() + Math.max(freshMs, Math.min(longestPauseMs, pausesPerLook * tookMs));
  }
}
