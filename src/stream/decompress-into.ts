import { availableParallelism } from 'node:os';
import type { Writable } from 'node:stream';
import type { CompressionMethod } from '../domain/backup.js';
import { bgzipDecompressor } from './compressor.js';
import { decompressorOf } from './decompress.js';
import { feed } from './feed.js';
import { FilterFailed, type FilterProgram, type RunningFilter, startFilter } from './filter-program.js';
import { findProgram } from './find-program.js';

/**
 * The program of this machine that decompresses a stored file for another program to read; undefined where only Node
 * can.
 *
 * @param byBgzip - whether bgzip wrote it: its own reader takes a third of the time, and knows no other files
 * @throws HoldfastError `ToolMissing` for zstd and lz4
 */
export async function findWriterInto(
  method: CompressionMethod,
  byBgzip: boolean,
): Promise<FilterProgram | undefined> {
  if (method !== 'gzip') return decompressorOf(method);
  const bgzip = byBgzip ? await findProgram('bgzip') : undefined;
  if (bgzip !== undefined) return bgzipDecompressor(bgzip, availableParallelism());
  const gzip = await findProgram('gzip');
  return gzip === undefined ? undefined : { path: gzip, args: ['-d', '-c'] };
}

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
  if (failure instanceof FilterFailed && /SIGPIPE|broken pipe/i.test(failure.message)) return false;
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
