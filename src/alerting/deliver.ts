import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import type { Delivery } from '../domain/health/contracts.js';
import type { AlertChannel } from './channels.js';
import { Outbox, type QueuedAlert } from './outbox.js';
import { isUndelivered } from './undelivered.js';

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

/** Alerts in a row that a channel may refuse before it is left: then it is not the alerts that are wrong. */
const mostRefusals = 3;

/**
 * Delivers what waits, to each channel in the order in which it was told. A channel that fails is left until the next
 * time, with everything behind: an alert that is over must not come before the one that it ends. One process at a time
 * delivers; the outbox stays open to those who tell meanwhile.
 */
export async function deliver(request: DeliverRequest): Promise<Delivery> {
  const { folder, budgetMs = 60_000 } = request;
  if ((await Outbox.waitingIn(folder)).length === 0) return { delivered: 0, waiting: 0, problems: [] };
  const until = performance.now() + budgetMs;
  const release = await lockDelivery(folder, budgetMs);
  if (!release) return { delivered: 0, waiting: await countWaiting(folder), problems: [] };
  try {
    return await deliverAlone(request, until);
  } finally {
    await release();
  }
}

/** Undefined while another process delivers, and does not end in time: what waits here is delivered there. */
async function lockDelivery(folder: string, waitMs: number): Promise<(() => Promise<void>) | undefined> {
  const retries = Math.floor(waitMs / 250);
  try {
    return await lockfile.lock(join(folder, 'delivery'), {
      realpath: false,
      // A process that was stopped for longer than the lock lasts: at worst an alert comes twice, with the same id.
      onCompromised: () => undefined,
      retries: { retries, factor: 1, minTimeout: 250, maxTimeout: 250 },
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
    throw error;
  }
}

async function deliverAlone(request: DeliverRequest, until: number): Promise<Delivery> {
  const { folder, channels } = request;
  const known = new Set(channels.map(({ key }) => key));
  const queue = await Outbox.open(folder, async (outbox) => {
    // What is no setting any more is waited for by nobody.
    for (const entry of outbox.queue) entry.channels = entry.channels.filter((key) => known.has(key));
    await outbox.store();
    return outbox.queue;
  });
  // Each channel by itself: one that hangs holds up no other.
  const runs = channels.map((channel) => deliverTo(channel, queue, request, until));
  // None goes on after the lock is given back.
  await Promise.allSettled(runs);
  const ends = await Promise.all(runs);
  return {
    delivered: ends.reduce((sum, { delivered }) => sum + delivered, 0),
    waiting: await countWaiting(folder),
    problems: ends.flatMap(({ problems }) => problems),
  };
}

async function countWaiting(folder: string): Promise<number> {
  return (await Outbox.waitingIn(folder)).reduce((sum, { channels }) => sum + channels.length, 0);
}

/** What waits for one channel. An alert that it refuses is passed over, and with it what follows of the same finding. */
async function deliverTo(
  channel: AlertChannel,
  queue: readonly QueuedAlert[],
  request: DeliverRequest,
  until: number,
): Promise<Omit<Delivery, 'waiting'>> {
  const end: Omit<Delivery, 'waiting'> = { delivered: 0, problems: [] };
  const passedOver = new Set<string>();
  let refusals = 0;
  for (const { alert, key, channels } of queue) {
    if (!channels.includes(channel.key) || passedOver.has(key)) continue;
    if (performance.now() > until) break;
    const outcome = await attempt(channel, alert, request);
    if (outcome.problem !== undefined) end.problems.push(outcome.problem);
    if (outcome.kind === 'taken') {
      refusals = 0;
      end.delivered += 1;
      await noteTaken(request.folder, alert.id, channel.key);
      continue;
    }
    refusals += 1;
    if (outcome.kind === 'failed' || refusals >= mostRefusals) break;
    if (key !== '') passedOver.add(key);
  }
  return end;
}

/** At once: what was delivered and not noted would come twice. */
async function noteTaken(folder: string, id: string, channel: string): Promise<void> {
  await Outbox.open(folder, async (outbox) => {
    outbox.taken(id, channel);
    await outbox.store();
  });
}

interface Outcome {
  kind: 'taken' | 'refused' | 'failed';
  problem?: string | undefined;
}

async function attempt(
  channel: AlertChannel,
  alert: QueuedAlert['alert'],
  { signal, timeoutMs = 8_000 }: DeliverRequest,
): Promise<Outcome> {
  try {
    return { kind: 'taken', problem: await channel.send(alert, { signal, timeoutMs }) };
  } catch (error) {
    if (!isUndelivered(error)) throw error;
    return { kind: error.retryable ? 'failed' : 'refused', problem: error.message };
  }
}
