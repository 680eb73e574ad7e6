import type { CompressionMethod } from '../domain/backup.js';
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

/**
 * The level a method has where none is asked for. For gzip and lz4 it is the program's own. zstd's own, 3, is of another
 * strategy than 2 (`dfast`, `fast`), which takes a third more time over rows of a dump, and as often as not more room.
 */
export const defaultLevels = { gzip: 6, zstd: 2, lz4: 1 } as const satisfies Record<
  CompressionMethod,
  number
>;

/** A method's highest level; the lowest is 1. Above zstd's, its memory would be beyond what a backup should take. */
export const highestLevels = { gzip: 9, zstd: 19, lz4: 12 } as const satisfies Record<
  CompressionMethod,
  number
>;

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
  return level === defaultLevels.gzip ? level - 1 : level;
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
  return program === 'bgzip' && path !== undefined
    ? { path, args: ['-d', '-c', '-@', `${threads}`] }
    : undefined;
}
