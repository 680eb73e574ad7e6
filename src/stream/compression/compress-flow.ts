import type { Writable } from 'node:stream';
import { HoldfastError, messageOf } from '../../domain/errors.js';
import { startFilter } from '../program/filter-program.js';
import { gather } from '../program/gather.js';
import { type CompressorChoice, compressorProgram } from './compressor.js';

/** What writes the stream that is stored. */
export interface Producer {
  /** Resolves when it has ended well; rejects, once it has ended, when it hasn't. */
  finished: Promise<unknown>;
}

/** Starts a producer that gets the descriptor of `stdout` for its own. It must stop it once `signal` is aborted. */
export type StartProducer = (stdout: Writable, signal: AbortSignal) => Producer;

/** A producer and its compressor at work. */
export interface CompressFlow {
  /** The compressed bytes. */
  output: AsyncIterable<Buffer>;
  /** Resolves when the producer has ended well. */
  produced: Promise<void>;
  /**
   * Resolves when producer and compressor have both ended well; rejects, once both have ended, with what came
   * first: a compressor that fails takes the producer with it, but never the other way round.
   */
  finished: Promise<void>;
}

/**
 * Starts both, the compressor first. The producer writes into the compressor itself: only compressed bytes pass through
 * this process. `stop` is aborted when the compressor fails; aborting it stops both.
 */
export function startCompressFlow(
  startProducer: StartProducer,
  choice: CompressorChoice,
  stop: { signal: AbortSignal; abort(reason: unknown): void },
): CompressFlow {
  const compressor = startFilter(compressorProgram(choice), stop.signal);
  const compressed = compressor.finished.catch((error) => {
    throw compressorFailed(error);
  });
  compressed.catch((error) => stop.abort(error));
  const { finished: produced } = attemptStart(() => startProducer(compressor.stdin, stop.signal));
  // Destroyed, not ended: while we hold a copy the compressor never sees the end, and ending the socket would end
  // it for the producer as well.
  compressor.stdin.destroy();
  const finished = bothEnded(produced, compressed);
  finished.catch(() => {});
  return { output: gather(compressor.stdout), produced: produced.then(() => {}), finished };
}

/** A producer that can't be started is one that fails: the compressor then still ends in order. */
function attemptStart(start: () => Producer): Producer {
  try {
    return start();
  } catch (error) {
    return { finished: Promise.reject(error) };
  }
}

async function bothEnded(produced: Promise<unknown>, compressed: Promise<void>): Promise<void> {
  await Promise.allSettled([produced, compressed]);
  await compressed;
  await produced;
}

function compressorFailed(error: unknown): HoldfastError {
  const cause = messageOf(error);
  return new HoldfastError(
    'DumpInterrupted',
    {
      attempted: 'compress the dump',
      cause,
      remedy: 'see whether the system ended it for want of memory, and try again',
    },
    { cause: error },
  );
}
