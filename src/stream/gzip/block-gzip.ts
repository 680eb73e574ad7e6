import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { headerWithSize, plainHeaderBytes, trailerBytes } from './gzip-header.js';
import { mapInOrder } from './map-in-order.js';

const compress = promisify(gzip);

/** Uncompressed bytes of one gzip member: large enough to cost no compression, small enough to hold a few. */
const blockBytes = 1024 * 1024;

export interface BlockGzipOptions {
  /** 1 to 9. */
  level: number;
  /** How many blocks are compressed at the same time, in Node's thread pool. */
  threads: number;
}

/**
 * Compresses into gzip members of 1 MiB each that say their own size in the header, by MiGz' convention, so that a
 * reader can inflate them in parallel. To every other reader it is an ordinary gzip file (RFC 1952).
 */
export async function* blockGzip(
  source: AsyncIterable<Buffer>,
  { level, threads }: BlockGzipOptions,
): AsyncGenerator<Buffer> {
  // Blocks are used again: left to the garbage collector they would pile up to many times what is in flight.
  const unused: Buffer[] = [];
  const compressed = mapInOrder(blocks(source, unused), threads + 1, async (block) => {
    const result = await member(block, level);
    unused.push(Buffer.from(block.buffer, block.byteOffset, blockBytes));
    return result;
  });
  yield* compressed;
}

async function member(block: Buffer, level: number): Promise<Buffer> {
  // Room for most results at once: each chunk of output is another trip through the thread pool.
  const plain = await compress(block, { level, chunkSize: blockBytes / 2 });
  const deflated = plain.length - plainHeaderBytes - trailerBytes;
  return Buffer.concat([headerWithSize(deflated), plain.subarray(plainHeaderBytes)]);
}

/** At least one block, empty if the source is. */
async function* blocks(source: AsyncIterable<Buffer>, unused: Buffer[]): AsyncGenerator<Buffer> {
  let block = takeBlock(unused);
  let filled = 0;
  let any = false;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(block, filled, at);
      at += copied;
      filled += copied;
      if (filled < blockBytes) continue;
      yield block;
      any = true;
      block = takeBlock(unused);
      filled = 0;
    }
  }
  if (filled > 0 || !any) yield block.subarray(0, filled);
}

function takeBlock(unused: Buffer[]): Buffer {
  return unused.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
}
