import type { CompressionMethod } from '../domain/backup.js';
import { compressionLevels } from '../domain/compression-levels.js';
import type { FilterProgram } from './filter-program.js';

export type CompressorName = 'bgzip' | 'pigz' | 'node' | 'zstd' | 'lz4';

/** What compresses, and how. */
export interface CompressorChoice {
  method: CompressionMethod;
  level: number;
  program: CompressorName;
  /** Full path of the program; absent where Node's own zlib compresses. */
  path?: string;
  /** How many threads it uses. */
  threads: number;
  /** Of the program, or of Node's zlib. */
  version: string;
}

const argumentsOf: Record<CompressorName, (choice: CompressorChoice) => string[]> = {
  bgzip: ({ level, threads }) => ['-c', '-l', `${bgzipLevel(level)}`, '-@', `${threads}`],
  pigz: ({ level, threads }) => ['-c', '-n', `-${level}`, '-p', `${threads}`],
  zstd: ({ level, threads }) => ['-c', '-q', `-${level}`, `-T${threads}`],
  lz4: ({ level }) => ['-c', '-q', `-${level}`],
  node: () => [],
};

/**
 * A gzip level is zlib's. bgzip compresses with libdeflate, which packs rows of a dump as tight as zlib's 6 at its own 5,
 * in four fifths to a half of the time that its 6 takes.
 */
function bgzipLevel(level: number): number {
  return level === compressionLevels.gzip.usual ? level - 1 : level;
}

/** The program that compresses its standard input; undefined where Node's own zlib does. */
export function compressorProgram(choice: CompressorChoice): FilterProgram | undefined {
  return choice.path === undefined
    ? undefined
    : { path: choice.path, args: argumentsOf[choice.program](choice) };
}

/**
 * The program that reads back what a gzip compressor wrote, for less processor time than Node takes; undefined where
 * Node does. bgzip's own reader knows bgzip's files only.
 */
export function ownDecompressor({ program, path, threads }: CompressorChoice): FilterProgram | undefined {
  return program === 'bgzip' && path !== undefined ? bgzipDecompressor(path, threads) : undefined;
}

/** bgzip as the reader of its own files. */
export function bgzipDecompressor(path: string, threads: number): FilterProgram {
  return { path, args: ['-d', '-c', '-@', `${threads}`] };
}
