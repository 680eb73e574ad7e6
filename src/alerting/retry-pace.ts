/** When an outbox is tried again: soon at first, then more and more seldom; at once where something new waits. */
export class RetryPace {
  #newest = '';
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #waitMs: number;

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
  ) {
    this.#waitMs = firstMs;
  }

  /** @param newest id of the alert that was told last: its place may be another one */
  isDue(newest: string, nowMs: number): boolean {
    return newest !== this.#newest || nowMs >= this.#dueAtMs;
  }

  noteTry(newest: string, hasDelivered: boolean, nowMs: number): void {
    const isNews = hasDelivered || newest !== this.#newest;
    this.#waitMs = isNews ? this.firstMs : Math.min(this.mostMs, this.#waitMs * 2);
    this.#newest = newest;
    this.#dueAtMs = nowMs + this.#waitMs;
  }
}
