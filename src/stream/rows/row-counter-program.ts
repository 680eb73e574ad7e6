import { readSync } from 'node:fs';
import { type DumpContents, RowCounter } from './row-counter.js';

/** What this program prints, as JSON. */
export interface CountedDump extends DumpContents {
  uncompressedBytes: number;
}

/** What a pipe or a socket holds at most, and some. */
const portionBytes = 256 * 1024;

const counter = new RowCounter();
const portion = Buffer.allocUnsafeSlow(portionBytes);
let uncompressedBytes = 0;
for (let read = readSync(0, portion); read > 0; read = readSync(0, portion)) {
  counter.write(portion.subarray(0, read));
  uncompressedBytes += read;
}
process.stdout.write(JSON.stringify({ uncompressedBytes, ...counter.end() } satisfies CountedDump));
