import type { Writable } from 'node:stream';
import { feed } from '../program/feed.js';
import {
  FilterFailed,
  type FilterProgram,
  type RunningFilter,
  startFilter,
} from '../program/filter-program.js';

/**
 * How a program ends that could not write. Node's pipes are sockets: a reader that leaves something unread resets them, which
 * is no SIGPIPE, and bgzip and lz4 don't say why they could not write.
 */
const readerLeft = /SIGPIPE|broken pipe|connection reset|could not write|write error/i;

/**
 * Decompresses `source` by a program that writes to the descriptor of `sink` itself, so that only compressed bytes pass
 * through this process. `sink` is destroyed here: its reader would otherwise never see the end.
 *
 * @returns false when the reader ended before it had everything; why, is its owner's to say
 * @throws FilterFailed; what `source` fails with. The reader has seen an end by then, and may have taken it for the
 *   data's
 */
export async function decompressInto(
  program: FilterProgram,
  source: AsyncIterable<Buffer>,
  sink: Writable,
  signal: AbortSignal,
): Promise<boolean> {
  const stop = new AbortController();
  const filter = startInto(program, sink, AbortSignal.any([signal, stop.signal]));
  const feeding = feed(source, filter.stdin);
  feeding.catch(() => stop.abort());
  const failure = await filter.finished.then(
    () => undefined,
    (error: unknown) => error,
  );
  const isFed = await feeding;
  if (failure instanceof FilterFailed && readerLeft.test(failure.message)) return false;
  if (failure !== undefined) throw failure;
  if (!isFed) throw new Error('something follows the end of the compressed data');
  return true;
}

function startInto(program: FilterProgram, sink: Writable, signal: AbortSignal): RunningFilter<null> {
  try {
    return startFilter(program, signal, sink);
  } finally {
    sink.destroy();
  }
}
