import type { CompressionMethod } from '../../domain/backup/metadata.js';
import { gunzipMembers } from '../gzip/gunzip.js';
import { poolThreads, usefulThreads } from '../gzip/thread-pool.js';
import type { FilterProgram } from '../program/filter-program.js';
import { findProgram } from '../program/find-program.js';
import { ownProgram } from '../program/own-program.js';
import { throughFilter } from '../program/through-filter.js';
import { findDecompressor } from './choose-compressor.js';
import { bgzipDecompressor } from './compressor.js';

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
  if (method === 'gzip') return yield* gunzipMembers(source, poolThreads());
  if (yield* throughFilter(await decompressorOf(method), source, signal)) return;
  throw new Error('something follows the end of the compressed data');
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
    ? ownProgram('gzip/gunzip-program', usefulThreads())
    : bgzipDecompressor(bgzip, usefulThreads());
}
