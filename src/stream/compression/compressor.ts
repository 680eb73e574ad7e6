import { compressionLevels } from '../../domain/backup/compression-levels.js';
import type { CompressionMethod } from '../../domain/backup/metadata.js';
import type { FilterProgram } from '../program/filter-program.js';
import { ownProgram } from '../program/own-program.js';

export type CompressorName = 'bgzip' | 'node' | 'zstd' | 'lz4';

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

const argumentsOf: Record<Exclude<CompressorName, 'node'>, (choice: CompressorChoice) => string[]> = {
  bgzip: ({ level, threads }) => ['-c', '-l', `${packedLevel(level)}`, '-@', `${threads}`],
  zstd: ({ level, threads }) => ['-c', '-q', `-${level}`, `-T${threads}`],
  lz4: ({ level }) => ['-c', '-q', `-${level}`],
};

/**
 * A gzip level is what `gzip` and `pigz` have. bgzip compresses with libdeflate, and Node with a zlib of its own: both
 * pack rows of a dump about as tight at 5 as those at 6, in a half to nine tenths of the time that their own 6 takes.
 */
function packedLevel(level: number): number {
  return level === compressionLevels.gzip.usual ? level - 1 : level;
}

/** The program that compresses its standard input. */
export function compressorProgram(choice: CompressorChoice): FilterProgram {
  const { program, path = program } = choice;
  return program === 'node'
    ? ownProgram('gzip/gzip-program', choice.threads, packedLevel(choice.level))
    : { path, args: argumentsOf[program](choice) };
}

/** The program that reads back what bgzip wrote, for less processor time than Node takes; undefined for other compressors. */
export function ownDecompressor({ program, path, threads }: CompressorChoice): FilterProgram | undefined {
  return program === 'bgzip' && path !== undefined ? bgzipDecompressor(path, threads) : undefined;
}

/** bgzip as the reader of its own files. */
export function bgzipDecompressor(path: string, threads: number): FilterProgram {
  return { path, args: ['-d', '-c', '-@', `${threads}`] };
}
