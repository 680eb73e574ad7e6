import { availableParallelism } from 'node:os';
import type { CompressionMethod } from '../domain/backup.js';
import { findDecompressor } from './choose-compressor.js';
import { bgzipDecompressor } from './compressor.js';
import { feed } from './feed.js';
import { type FilterProgram, startFilter } from './filter-program.js';
import { findProgram } from './find-program.js';
import { gunzipMembers } from './gunzip.js';
import { ownProgram } from './own-program.js';
import { poolThreads } from './thread-pool.js';

/**
 * Decompresses a stored stream, whoever wrote it.
 *
 * @throws Error that says what is wrong with the stream; FilterFailed
 */
export async function* decompress(
  source: AsyncIterable<Buffer>,
  method: CompressionMethod,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (method === 'gzip') yield* gunzipMembers(source, poolThreads());
  else yield* decompressBy(await decompressorOf(method), source, signal);
}

/**
 * The program of this machine that decompresses anybody's files of that method; what it costs is then not in this process.
 *
 * @param byBgzip - whether bgzip wrote it: its own reader takes a third of the time, and knows no other files
 * @throws HoldfastError `ToolMissing` for zstd and lz4
 */
export async function decompressorOf(method: CompressionMethod, byBgzip = false): Promise<FilterProgram> {
  if (method !== 'gzip') return { path: await findDecompressor(method), args: ['-d', '-c', '-q'] };
  const bgzip = byBgzip ? await findProgram('bgzip') : undefined;
  return bgzip === undefined
    ? ownProgram('gunzip-program')
    : bgzipDecompressor(bgzip, availableParallelism());
}

async function* decompressBy(
  program: FilterProgram,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stop = new AbortController();
  const filter = startFilter(program, AbortSignal.any([signal, stop.signal]));
  const feeding = feed(source, filter.stdin);
  // What fails first ends the rest; it is told below.
  filter.finished.catch(() => {});
  feeding.catch(() => stop.abort());
  try {
    yield* filter.stdout;
    await filter.finished;
    if (!(await feeding)) throw new Error('something follows the end of the compressed data');
  } catch (error) {
    // Where the source failed, and the program only therefore.
    if (stop.signal.aborted) await feeding;
    throw error;
  } finally {
    stop.abort();
    await filter.finished.catch(() => {});
  }
}
