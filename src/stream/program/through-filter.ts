import { feed } from './feed.js';
import { type FilterProgram, startFilter } from './filter-program.js';

/**
 * What a filter program makes of a stream. Left before its end, it ends the program.
 *
 * @returns false where the program ended well before it had everything
 * @throws FilterFailed; what `source` fails with
 */
export async function* throughFilter(
  program: FilterProgram,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, boolean> {
  const stop = new AbortController();
  const filter = startFilter(program, AbortSignal.any([signal, stop.signal]));
  const feeding = feed(source, filter.stdin);
  // What fails first ends the rest; it is told below.
  filter.finished.catch(() => {});
  feeding.catch(() => stop.abort());
  try {
    yield* filter.stdout as AsyncIterable<Buffer>;
    await filter.finished;
    return await feeding;
  } catch (error) {
    // Where the source failed, and the program only therefore.
    if (stop.signal.aborted) await feeding;
    throw error;
  } finally {
    stop.abort();
    await filter.finished.catch(() => {});
  }
}
