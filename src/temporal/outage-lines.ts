import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log.js';

/** A line that Temporal's SDK logs. */
export interface SdkLine {
  /** Where in the SDK it comes from. */
  target?: unknown;
  error?: unknown;
}

const retryTarget = 'temporalio_client::retry';

/**
 * Tells an outage of Temporal in two lines: that it does not answer, and that it does again. The SDK has a warning for
 * each call that it tries again, and a worker makes many.
 */
export class OutageLines {
  #since: string | undefined;
  /** Asks Temporal anything; rejects while it does not answer. Unset, an outage's end is not told. */
  probe: (() => Promise<unknown>) | undefined;

  constructor(
    private readonly log: Logger,
    private readonly askEveryMs = 2_000,
  ) {}

  /** Whether the line is of such a call; then what there is to tell is told here. */
  takes({ target, error }: SdkLine): boolean {
    if (target !== retryTarget || !/code: (Unavailable|DeadlineExceeded)/.test(String(error))) return false;
    if (this.#since === undefined) {
      this.#since = new Date().toISOString();
      this.log.warn(`Temporal does not answer since ${this.#since}, trying again`);
      void this.#untilItAnswers(this.#since);
    }
    return true;
  }

  async #untilItAnswers(since: string): Promise<void> {
    for (;;) {
      await delay(this.askEveryMs, undefined, { ref: false });
      const answers = await this.probe?.().then(
        () => true,
        () => false,
      );
      if (!answers) continue;
      this.#since = undefined;
      this.log.success(`Temporal answers again; it did not since ${since}`);
      return;
    }
  }
}
