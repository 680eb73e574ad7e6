import { compressionLevels } from '../../domain/backup/compression-levels.js';
import type { CompressionMethod } from '../../domain/backup/metadata.js';
import { HoldfastError } from '../../domain/errors.js';
import { programVersion } from '../../program-version.js';
import { usefulThreads } from '../gzip/thread-pool.js';
import { filterEnvironment } from '../program/filter-program.js';
import { findProgram } from '../program/find-program.js';
import type { CompressorChoice } from './compressor.js';

export type { CompressorChoice } from './compressor.js';

export interface CompressorWish {
  method: CompressionMethod;
  /** @defaultValue gzip 6, zstd 2, lz4 1 */
  level?: number;
  /** Where programs are looked for, in order. @defaultValue the directories of PATH */
  pathDirs?: string[];
}

/**
 * Chooses what compresses by `method` on this machine. For gzip that is bgzip, or Node's zlib in a program of ours: what they
 * write can be read back in parallel, and costs less processor time than what `pigz` does.
 *
 * @throws HoldfastError `ConfigurationInvalid` for a level the method doesn't have, `ToolMissing` where zstd or lz4
 *   isn't installed; gzip needs nothing
 */
export async function chooseCompressor(wish: CompressorWish): Promise<CompressorChoice> {
  const { method, level = compressionLevels[method].usual, pathDirs } = wish;
  requireLevel(method, level);
  const program = method === 'gzip' ? 'bgzip' : method;
  const path = await findProgram(program, pathDirs);
  const version = path === undefined ? undefined : await versionOf(path);
  if (path !== undefined && version !== undefined)
    return { method, level, program, path, threads: threadsFor(method), version };
  if (method !== 'gzip') throw missing(method);
  return { method, level, program: 'node', threads: threadsFor(method), version: process.versions.zlib };
}

/**
 * gzip is slower than any dump, whatever it is given. zstd on one processor keeps up with the server, which needs one
 * too: a second thread would take it from the server, and cost a tenth more.
 */
function threadsFor(method: CompressionMethod): number {
  return method === 'gzip' ? usefulThreads() : Math.max(1, usefulThreads() - 1);
}

/** The path of the program that decompresses `method`. @throws HoldfastError `ToolMissing` */
export async function findDecompressor(method: 'zstd' | 'lz4'): Promise<string> {
  const path = await findProgram(method);
  if (path === undefined) throw missing(method);
  return path;
}

function requireLevel(method: CompressionMethod, level: number): void {
  const { least, most } = compressionLevels[method];
  if (Number.isInteger(level) && level >= least && level <= most) return;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `compress with ${method}`,
    cause: `the compression level is ${level}; ${method} has ${least} to ${most}`,
    remedy: 'set COMPRESSION_LEVEL, or the level given, within that range',
  });
}

/** What a program says its version is; undefined when it can't even say that. */
async function versionOf(path: string): Promise<string | undefined> {
  const words = await programVersion(path, filterEnvironment());
  return words === undefined ? undefined : (/\d+(?:\.\d+)+/.exec(words)?.[0] ?? 'unknown');
}

function missing(method: 'zstd' | 'lz4'): HoldfastError {
  return new HoldfastError('ToolMissing', {
    attempted: `use ${method} compression`,
    cause: `no program "${method}" that runs was found on PATH`,
    remedy: `install it (Debian and Red Hat: package "${method}"), or set the compression to gzip`,
  });
}
