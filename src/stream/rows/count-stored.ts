import { text } from 'node:stream/consumers';
import { decompressInto } from '../compression/decompress-into.js';
import { type FilterProgram, startFilter } from '../program/filter-program.js';
import { ownProgram } from '../program/own-program.js';
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
  const counter = startFilter(ownProgram('rows/row-counter-program', 1), signal);
  const [answer, ended, poured] = await Promise.allSettled([
    text(counter.stdout),
    counter.finished,
    decompressInto(decompressor, source, counter.stdin, signal),
  ]);
  // The counter takes what it gets for the whole, however short: where it fails, that is the cause of all else.
  for (const part of [ended, poured, answer]) if (part.status === 'rejected') throw part.reason;
  return JSON.parse((answer as PromiseFulfilledResult<string>).value) as CountedDump;
}
