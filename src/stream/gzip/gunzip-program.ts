import { pipeline } from 'node:stream/promises';
import { endOfFilter } from '../program/filter-end.js';
import { gunzipMembers } from './gunzip.js';
import { poolThreads } from './thread-pool.js';

/** Decompresses standard input, a gzip file of any writer. In a process of its own as `gzip-program` is. */
await pipeline(gunzipMembers(process.stdin, poolThreads()), process.stdout).catch(endOfFilter);
