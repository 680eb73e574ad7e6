import { pipeline } from 'node:stream/promises';
import { blockGzip } from './block-gzip.js';
import { endOfFilter } from './filter-end.js';

/**
 * Compresses standard input as {@link blockGzip} does: `node gzip-program.js LEVEL THREADS`. In a process of its own, for
 * each block is garbage a moment later: what collects it looks through the whole heap, and here that is next to empty.
 */
const [level = Number.NaN, threads = Number.NaN] = process.argv.slice(2).map(Number);
await pipeline(blockGzip(process.stdin, { level, threads }), process.stdout).catch(endOfFilter);
