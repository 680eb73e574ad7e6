import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Compresses what fits in memory. */
export const gzipWhole: (bytes: Buffer) => Promise<Buffer> = promisify(gzip);
