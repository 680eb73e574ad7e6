import { pipeline } from 'node:stream/promises';
import { endOfFilter } from '../program/filter-end.js';
import { blockGzip } from './block-gzip.js';
import { poolThreads } from './thread-pool.js';

/**
 * Compresses standard input as {@link blockGzip} does: `node gzip-program.js LEVEL`. In a process of its own, for each block
 * is garbage a moment later: what collects it looks through the whole heap, and here that is next to empty.
 */
const options = { level: Number(process.argv[2]), threads: poolThreads() };
await pipeline(blockGzip(process.stdin, options), process.stdout).catch(endOfFilter);
