import { text } from 'node:stream/consumers';
import type { CompressionMethod } from '../domain/backup.js';
import { programPath } from '../package-root.js';
import { decompressorOf } from './decompress.js';
import { feed } from './feed.js';
import { type FilterProgram, startFilter } from './filter-program.js';
import { gunzipMembers } from './gunzip.js';
import { RowCounter } from './row-counter.js';
import type { CountedDump } from './row-counter-program.js';
import { poolThreads } from './thread-pool.js';

/**
 * Decompresses a stored dump and counts its rows; of its portions none is kept when the next is asked for. Where a program decompresses, a second one counts: what is
 * decompressed goes from one to the other, and never through this process. Without a `decompressor` of the caller's,
 * Node inflates gzip, whoever wrote it.
 *
 * @throws Error that says what is wrong with the stream; FilterFailed
 */
export async function countStored(
  source: AsyncIterable<Buffer>,
  method: CompressionMethod,
  signal: AbortSignal,
  decompressor?: FilterProgram,
): Promise<CountedDump> {
  if (decompressor) return countByPrograms(source, decompressor, signal);
  return method === 'gzip'
    ? countHere(source, signal)
    : countByPrograms(source, await decompressorOf(method), signal);
}

async function countHere(source: AsyncIterable<Buffer>, signal: AbortSignal): Promise<CountedDump> {
  const counter = new RowCounter();
  let uncompressedBytes = 0;
  for await (const chunk of gunzipMembers(copies(source), poolThreads())) {
    signal.throwIfAborted();
    counter.write(chunk);
    uncompressedBytes += chunk.length;
  }
  return { uncompressedBytes, ...counter.end() };
}

/** What is inflated in parallel is read ahead. */
async function* copies(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const portion of source) yield Buffer.from(portion);
}

async function countByPrograms(
  source: AsyncIterable<Buffer>,
  decompressor: FilterProgram,
  signal: AbortSignal,
): Promise<CountedDump> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const program = { path: process.execPath, args: [programPath('stream/row-counter-program')] };
  const counter = startFilter(program, stopped);
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
