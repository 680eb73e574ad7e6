import { setTimeout as sleep } from 'node:timers/promises';
import { channelsOf } from '../alerting/channels.js';
import { deliver } from '../alerting/deliver.js';
import { Outbox } from '../alerting/outbox.js';
import { RetryPace } from '../alerting/retry-pace.js';
import type { ClusterConfig, Config } from '../config/config.js';
import { monitoringFolder } from './state-folder.js';

export interface DrainOptions {
  config: Config;
  stateDir: string;
  /** Told what became of a try, for the log. */
  onDelivery?: (told: { cluster: string; delivered: number; waiting: number; problems: string[] }) => void;
  /** Told why a try failed otherwise than a channel may. */
  onError?: (cluster: string, error: unknown) => void;
  /** Between two looks into an outbox. @defaultValue 5000 */
  everyMs?: number;
  /** The longest wait after tries in which nothing was taken. @defaultValue 600000 */
  mostMs?: number;
}

export interface Draining {
  /** Ends it; what is being sent is broken off and goes on the next time. */
  stop(): Promise<void>;
}

/**
 * Delivers what waits in the outboxes of this host between looks: soon when a place is back, more and more seldom while it
 * is away. Runs beside everything else and holds up nothing.
 */
export function drainOutboxes(options: DrainOptions): Draining {
  const controller = new AbortController();
  const { clusters, host } = options.config;
  const here = Object.values(clusters).filter((cluster) => cluster.host === host);
  const runs = here.map((cluster) => drainOne(cluster, options, controller.signal));
  return {
    async stop() {
      controller.abort();
      await Promise.all(runs);
    },
  };
}

async function drainOne(cluster: ClusterConfig, options: DrainOptions, signal: AbortSignal): Promise<void> {
  const { everyMs = 5_000, mostMs = 600_000 } = options;
  const pace = new RetryPace(everyMs, mostMs);
  while (!signal.aborted) {
    try {
      await sleep(everyMs, undefined, { signal, ref: false });
      const folder = await monitoringFolder(options.stateDir, cluster);
      const waiting = await Outbox.waitingIn(folder);
      if (waiting.length === 0) continue;
      const newest = waiting.at(-1)?.alert.id ?? '';
      if (!pace.isDue(newest, performance.now())) continue;
      const delivery = await deliver({ folder, channels: channelsOf(options.config), signal });
      pace.noteTry(newest, delivery.delivered > 0, performance.now());
      options.onDelivery?.({ cluster: cluster.name, ...delivery });
    } catch (error) {
      if (!signal.aborted) options.onError?.(cluster.name, error);
    }
  }
}
