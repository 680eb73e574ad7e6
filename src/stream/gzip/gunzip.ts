import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { ByteQueue } from '../byte-queue.js';
import { feed } from '../program/feed.js';
import { headerBytes, readHeader } from './gzip-header.js';
import { mapInOrder } from './map-in-order.js';

const inflate = promisify(gunzip);

/** One job for the thread pool takes about so much; bgzip's members of 64 KiB go several at a time. */
const batchBytes = 1024 * 1024;
/** A member that says it is larger than this is not worth holding in memory whole. */
const maxMemberBytes = 64 * 1024 * 1024;

/** Whole gzip members, and the bytes they say they hold. */
interface Batch {
  bytes: Buffer;
  uncompressedBytes: number;
}

/**
 * Inflates a gzip file of any writer. Members that say their own size (our own, MiGz', bgzip's) are inflated in
 * parallel in Node's thread pool.
 *
 * @param source - read ahead of what is inflated: each portion must be a buffer of its own
 * @throws Error that says what is wrong with the file; also where anything but a member follows a member
 */
export async function* gunzipMembers(source: AsyncIterable<Buffer>, threads: number): AsyncGenerator<Buffer> {
  const queue = new ByteQueue(source);
  try {
    yield* mapInOrder(batches(queue), threads + 1, inflateBatch);
    if ((await queue.peek(1)).length > 0) yield* inflateRest(queue);
  } finally {
    await queue.close();
  }
}

/** Up to the end, or to a member that doesn't say its size. */
async function* batches(queue: ByteQueue): AsyncGenerator<Batch> {
  let members: Buffer[] = [];
  let batch = { compressed: 0, uncompressed: 0 };
  for (;;) {
    const size = await nextMemberBytes(queue);
    const full = Math.max(batch.compressed + (size ?? 0), batch.uncompressed) > batchBytes;
    if (members.length > 0 && (full || size === undefined)) {
      yield { bytes: Buffer.concat(members), uncompressedBytes: batch.uncompressed };
      members = [];
      batch = { compressed: 0, uncompressed: 0 };
    }
    if (size === undefined) return;
    const member = await takeMember(queue, size);
    members.push(member);
    batch.compressed += size;
    batch.uncompressed += member.readUInt32LE(size - 4);
  }
}

/** The next member's size; undefined at the end or where its header doesn't tell. */
async function nextMemberBytes(queue: ByteQueue): Promise<number | undefined> {
  const start = await queue.peek(12);
  if (start.length === 0) return undefined;
  const wanted = headerBytes(start);
  if (wanted === undefined) {
    const what = queue.taken === 0 ? 'it is no gzip file' : 'what follows the last gzip member is none';
    throw new Error(start.length < 12 ? `it ends within a gzip header` : `${what} (at byte ${queue.taken})`);
  }
  const { sizeBytes } = readHeader(await queue.peek(wanted));
  return sizeBytes !== undefined && sizeBytes > wanted && sizeBytes <= maxMemberBytes ? sizeBytes : undefined;
}

async function takeMember(queue: ByteQueue, size: number): Promise<Buffer> {
  const start = queue.taken;
  const member = await queue.take(size);
  if (member.length === size) return member;
  throw new Error(`it ends within the gzip member that starts at byte ${start}`);
}

async function inflateBatch({ bytes, uncompressedBytes }: Batch): Promise<Buffer> {
  if (uncompressedBytes > 4 * maxMemberBytes)
    throw new Error(`a gzip member says it holds ${uncompressedBytes} bytes`);
  // Room for the whole result at once: each chunk of output is another trip through the thread pool.
  const room = Math.max(64, uncompressedBytes + 1);
  const { buffer, engine } = (await inflate(bytes, {
    chunkSize: room,
    maxOutputLength: room,
    info: true,
  })) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
  if (engine.bytesWritten === bytes.length && buffer.length === uncompressedBytes) return buffer;
  throw new Error('a gzip member is shorter than its header says');
}

/** Everything from here on in one stream; it may be many members. */
async function* inflateRest(queue: ByteQueue): AsyncGenerator<Buffer> {
  const start = queue.taken;
  const stream = createGunzip({ chunkSize: 256 * 1024 });
  const feeding = feed(queue.rest(), stream);
  feeding.catch((error) => stream.destroy(error));
  yield* stream;
  await feeding;
  const used = start + stream.bytesWritten;
  if (used !== queue.taken) throw new Error(`what follows the last gzip member is none (at byte ${used})`);
}
