import { HoldfastError } from '../domain/errors.js';
import type { Delivery } from '../domain/monitor-contracts.js';
import type { AlertChannel } from './channels.js';
import { Outbox } from './outbox.js';

export interface DeliverRequest {
  /** Of the outbox. */
  folder: string;
  channels: readonly AlertChannel[];
  signal: AbortSignal;
  /** For one attempt. @defaultValue 8000 */
  timeoutMs?: number;
  /** After it no further attempt is begun. @defaultValue 60000 */
  budgetMs?: number;
}

/**
 * Delivers what waits, to each channel in the order in which it was told. A channel that fails is left until the next
 * time, with everything behind: an alert that is over must not come before the one that it ends.
 */
export async function deliver(request: DeliverRequest): Promise<Delivery> {
  const { folder, channels, signal, timeoutMs = 8_000, budgetMs = 60_000 } = request;
  const until = performance.now() + budgetMs;
  return Outbox.open(folder, async (outbox) => {
    const delivery: Delivery = { delivered: 0, waiting: 0, problems: [] };
    if (outbox.queue.length === 0) return delivery;
    const known = new Set(channels.map(({ key }) => key));
    // What is no setting any more is waited for by nobody.
    for (const entry of outbox.queue) entry.channels = entry.channels.filter((key) => known.has(key));
    for (const channel of channels) {
      for (const entry of outbox.queue) {
        if (!entry.channels.includes(channel.key)) continue;
        if (performance.now() > until) break;
        const problem = await attempt(channel, entry.alert, { signal, timeoutMs });
        if (problem !== undefined) {
          delivery.problems.push(problem);
          break;
        }
        entry.channels = entry.channels.filter((key) => key !== channel.key);
        delivery.delivered += 1;
        // At once: what was delivered and not noted would come twice.
        await outbox.store();
      }
    }
    await outbox.store();
    delivery.waiting = outbox.queue.reduce((sum, entry) => sum + entry.channels.length, 0);
    return delivery;
  });
}

async function attempt(
  channel: AlertChannel,
  ...[alert, options]: Parameters<AlertChannel['send']>
): Promise<string | undefined> {
  try {
    await channel.send(alert, options);
    return undefined;
  } catch (error) {
    if (error instanceof HoldfastError && error.type === 'AlertNotDelivered') return error.message;
    throw error;
  }
}
