import { freePort } from './embedded/ports.js';

/** Where Temporal's SDK serves its own metrics: a port of this machine that only this process asks. */
export interface SdkMetrics {
  /** For the runtime's `telemetryOptions`. */
  exporter: {
    prometheus: {
      bindAddress: string;
      countersTotalSuffix: true;
      unitSuffix: true;
      useSecondsForDurations: true;
    };
  };
  /** What it serves now; empty while no worker runs. */
  text(): Promise<string>;
}

const answerWithinMs = 1_000;

/** Reserves that port. */
export async function sdkMetrics(): Promise<SdkMetrics> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  return {
    exporter: {
      prometheus: { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true },
    },
    async text() {
      try {
        const signal = AbortSignal.timeout(answerWithinMs);
        // The runtime begins anew after Temporal was lost: a connection that is kept would be to the old one.
        const headers = { connection: 'close' };
        const response = await fetch(`http://${bindAddress}/metrics`, { signal, headers });
        return response.ok ? await response.text() : '';
      } catch {
        return '';
      }
    },
  };
}
