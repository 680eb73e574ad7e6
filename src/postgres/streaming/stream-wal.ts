import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import type { StreamStart } from '../../domain/wal/stream-contracts.js';
import { breakOff, publishStreamed } from '../../repository/local/wal/publish-streamed.js';
import type { WalLayout } from '../../repository/local/wal/wal-layout.js';
import { withMaintenanceConnection } from '../connection/connection.js';
import { cancelled } from '../connection/error.js';
import { endOrphanWalSenders } from '../dump/orphan-sessions.js';
import { readPosition, type StreamPosition } from './inspect-streaming.js';
import { isPositionGone, runReceivewal } from './run-receivewal.js';
import { ensureSlot } from './slot.js';
import { isPassing, refused, slotLost, throwUnlessPassing } from './stream-failure.js';
import { StreamWatch, type StreamWords } from './stream-watch.js';

export interface StreamWalOptions
  extends Pick<StreamStart, 'slot' | 'systemIdentifier' | 'segmentSizeBytes'> {
  cluster: string;
  connection: ConnectionSettings;
  /** Path of `pg_receivewal`. */
  program: string;
  layout: WalLayout;
  /** Names the sessions; the same for whoever streams into this folder, so that what a dead one left is found. */
  runTag: string;
  /** Between two looks at how far it has come. */
  lookEveryMs: number;
  signal: AbortSignal;
  /** Called when something came, or nothing is to come, or the server is away: never while it stalls. */
  onAlive: (words: StreamWords) => void;
  /** Told what `pg_receivewal` says, and why it was begun anew. */
  onStep: (words: string) => void;
}

const publishEveryMs = 500;
const tryAgainMs = 1_000;
/** Ends in a row of a receiver to which a server that answers gave nothing. */
const vainAttempts = 5;

/**
 * Streams a server's WAL until it is cancelled: whatever passes, a restart of the server or an outage of hours, is waited
 * for. What is complete is published in the archive.
 * @throws HoldfastError `SlotLost` when WAL is missing from here on, with what was received put aside; others as
 *   {@link runReceivewal}; `Cancelled`
 */
export async function streamWal(options: StreamWalOptions): Promise<never> {
  const attempted = `stream the WAL of cluster ${JSON.stringify(options.cluster)}`;
  const watch = new StreamWatch(options.onAlive);
  for (let inVain = 0; ; ) {
    const before = watch.flushed;
    try {
      await receive(options, watch, attempted);
    } catch (error) {
      if (options.signal.aborted) throw cancelled(attempted);
      const isAway = !(await answers(options));
      inVain = isAway || watch.flushed !== before ? 0 : inVain + 1;
      if (!isPassing(error)) throw error;
      if (inVain >= vainAttempts) throw refused(error);
      options.onStep(`begun anew, since: ${error.message}`);
      if (isAway) watch.away(error.story.cause);
      await delay(tryAgainMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

/** One receiver, from its start to its end, what it completes published meanwhile. */
async function receive(options: StreamWalOptions, watch: StreamWatch, attempted: string): Promise<void> {
  const { connection, layout, slot, runTag, program, onStep, segmentSizeBytes } = options;
  await endOrphanWalSenders(connection, runTag);
  await keepSlot(options, attempted);
  await look(options, watch, attempted);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, options.signal]);
  const published = new Set<string>();
  const publish = () => publishStreamed(layout, segmentSizeBytes, published, new AbortController().signal);
  const run = { program, connection, folder: layout.stream, slot, runTag, attempted, signal, onStep };
  const work = [
    runReceivewal(run),
    every(publishEveryMs, signal, publish),
    // A look that fails says nothing: the receiver itself ends when the server is gone.
    every(options.lookEveryMs, signal, () => look(options, watch, attempted).catch(throwUnlessPassing)),
  ];
  try {
    await Promise.race(work);
  } catch (error) {
    if (!isPositionGone(error)) throw error;
    await breakOff(layout, segmentSizeBytes, options.signal);
    throw slotLost(attempted, (error as HoldfastError).story.cause);
  } finally {
    over.abort();
    await Promise.allSettled(work);
    if (!options.signal.aborted) await publish();
  }
}

/**
 * Makes the slot anew where it is gone, as after the server was recovered: whether WAL is missing then, the receiver
 * finds out. Of one that was lost WAL is missing.
 * @throws HoldfastError `SlotLost`
 */
async function keepSlot(options: StreamWalOptions, attempted: string): Promise<void> {
  const { connection, slot, signal, layout, segmentSizeBytes } = options;
  const made = await withMaintenanceConnection(connection, (client) => ensureSlot(client, slot), { signal });
  if (made === 'made') options.onStep(`there was no replication slot ${slot} any more; it was made anew`);
  if (made !== 'remade') return;
  await breakOff(layout, segmentSizeBytes, signal);
  throw slotLost(
    attempted,
    `the server has given up replication slot ${slot}, and removed WAL that was not streamed yet`,
  );
}

/** Looks how far it has come. @throws HoldfastError `ArchivingRefused` for another cluster */
async function look(options: StreamWalOptions, watch: StreamWatch, attempted: string): Promise<void> {
  const position = await ask(options);
  if (position.systemIdentifier !== options.systemIdentifier) {
    throw new HoldfastError('ArchivingRefused', {
      attempted,
      cause: `the server is of the cluster with system identifier ${position.systemIdentifier} now, it was ${options.systemIdentifier}`,
      remedy: 'give the new cluster another name in holdfast.yaml, and so another archive',
    });
  }
  watch.saw(position);
}

function ask({ connection, slot, signal }: StreamWalOptions): Promise<StreamPosition> {
  return withMaintenanceConnection(connection, (client) => readPosition(client, slot), { signal });
}

function answers(options: StreamWalOptions): Promise<boolean> {
  return ask(options).then(
    () => true,
    () => false,
  );
}

async function every(ms: number, signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }
}
