import type { CompressionMethod } from './metadata.js';

interface Levels {
  least: number;
  most: number;
  /** Where none is asked for. */
  usual: number;
}

/**
 * Levels that each method takes, as its command-line tool does; of zstd not those above 19, whose memory would be beyond
 * what a backup should take. What is usual is the program's own for gzip and lz4. zstd's own, 3, is of another strategy than
 * 2 (`dfast`, `fast`), which takes a third more time over rows of a dump, and as often as not more room.
 */
export const compressionLevels = {
  gzip: { least: 1, most: 9, usual: 6 },
  zstd: { least: 1, most: 19, usual: 2 },
  lz4: { least: 1, most: 12, usual: 1 },
} as const satisfies Record<CompressionMethod, Levels>;
