import { text } from 'node:stream/consumers';
import { feed } from './feed.js';
import { type FilterProgram, startFilter } from './filter-program.js';
import { ownProgram } from './own-program.js';
import type { CountedDump } from './row-counter-program.js';

/**
 * Decompresses a stored dump by a program and counts its rows by a second one: what is decompressed goes from one to the
 * other, and never through this process. None of the portions is kept when the next is asked for.
 *
 * @throws Error that says what is wrong with the stream; FilterFailed
 */
export async function countStored(
  source: AsyncIterable<Buffer>,
  decompressor: FilterProgram,
  signal: AbortSignal,
): Promise<CountedDump> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const counter = startFilter(ownProgram('row-counter-program'), stopped);
  const filter = startFilter(decompressor, stopped, counter.stdin);
  // The copy here would keep the counter from ever seeing the end.
  counter.stdin.destroy();
  const fed = feed(source, filter.stdin);
  fed.catch(() => stop.abort());
  const parts = [fed, counter.finished, filter.finished] as const;
  const [answer] = await Promise.allSettled([text(counter.stdout), ...parts]);
  // The source's failure ends both programs; without its reader the decompressor fails, too.
  for (const part of parts) await part;
  if (!(await fed)) throw new Error('something follows the end of the compressed data');
  if (answer.status === 'rejected') throw answer.reason;
  return JSON.parse(answer.value) as CountedDump;
}
