import { ByteQueue } from './byte-queue.js';

/** One member of a tar file. */
export interface TarMember {
  /** Relative, without `.` and `..`, no slash at its end. */
  path: string;
  type: 'file' | 'folder';
  sizeBytes: number;
  /** To be read before the next member is asked for; what is left is skipped. */
  content: AsyncIterable<Buffer>;
}

const blockBytes = 512;

/**
 * Reads a tar file as PostgreSQL writes them: the ustar format with plain files and folders, nothing else. Strict on
 * purpose: what could lead out of the folder that it is unpacked into (links, devices, absolute names, `..`), and the
 * extensions that give a member another name, are refused, as is a name that comes twice.
 * A library of tar formats would accept what no server of PostgreSQL ever writes.
 *
 * @throws Error that says what is wrong
 */
export async function* tarMembers(source: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const queue = new ByteQueue(source);
  const seen = new Set<string>();
  try {
    for (let header = await nextHeader(queue); header; header = await nextHeader(queue)) {
      if (seen.has(header.path)) throw new Error(`it holds ${JSON.stringify(header.path)} twice`);
      seen.add(header.path);
      const content = new Content(queue, header.path, header.sizeBytes);
      yield { ...header, content };
      await content.skipRest();
    }
    await requireNothingMore(queue);
  } finally {
    await queue.close();
  }
}

type Header = Omit<TarMember, 'content'>;

async function nextHeader(queue: ByteQueue): Promise<Header | undefined> {
  const at = queue.taken;
  const block = await queue.take(blockBytes);
  if (block.length < blockBytes) throw new Error(`it ends at byte ${at + block.length} without a tar's end`);
  if (block.every((byte) => byte === 0)) return undefined;
  if (readOctal(block.subarray(148, 156)) !== checksumOf(block) || text(block, 257, 5) !== 'ustar')
    throw new Error(`there is no tar header at byte ${at}`);
  return readHeader(block);
}

function readHeader(block: Buffer): Header {
  const name = text(block, 0, 100);
  const prefix = text(block, 345, 155);
  const path = checkedPath(prefix === '' ? name : `${prefix}/${name}`);
  const sizeBytes = readSize(block.subarray(124, 136));
  const kind = text(block, 156, 1);
  if (kind === '0' || kind === '') return { path, type: 'file', sizeBytes };
  if (kind === '5' && sizeBytes === 0) return { path, type: 'folder', sizeBytes };
  const what = { '1': 'a hard link', '2': 'a symbolic link' }[kind] ?? `of type ${JSON.stringify(kind)}`;
  throw new Error(`${JSON.stringify(path)} is ${what}, and only files and folders belong in a base backup`);
}

/** Refuses every name that is not plainly below the folder. PostgreSQL writes `./` before a few. */
function checkedPath(name: string): string {
  const path = name.replace(/^\.\//, '').replace(/\/$/, '');
  const parts = path.split('/');
  if (parts.some((part) => ['', '.', '..'].includes(part)) || name.includes('\ufffd'))
    throw new Error(`it holds ${JSON.stringify(name)}, a name that could lead elsewhere`);
  return path;
}

/** Octal, or above 8 GB binary with the first bit set, as GNU and PostgreSQL write it. */
function readSize(field: Buffer): number {
  const size =
    field[0] === 0x80 ? Number(BigInt(`0x${field.subarray(1).toString('hex')}`)) : readOctal(field);
  if (Number.isSafeInteger(size)) return size;
  throw new Error('a member’s size can’t be read');
}

function readOctal(field: Buffer): number {
  const digits = text(field, 0, field.length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** The sum of the header's bytes, its own field counted as spaces. */
function checksumOf(block: Buffer): number {
  let sum = 0;
  block.forEach((byte, at) => {
    sum += at >= 148 && at < 156 ? 0x20 : byte;
  });
  return sum;
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

async function requireNothingMore(queue: ByteQueue): Promise<void> {
  for await (const chunk of queue.rest()) {
    if (chunk.some((byte) => byte !== 0)) throw new Error('something follows the end of the tar');
  }
}

/** The bytes of one member, and after them the padding to a whole block. */
class Content implements AsyncIterable<Buffer> {
  #left: number;
  #paddingBytes: number;

  constructor(
    private readonly queue: ByteQueue,
    private readonly path: string,
    sizeBytes: number,
  ) {
    this.#left = sizeBytes;
    this.#paddingBytes = (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const chunk = await this.queue.takeSome(this.#left);
      if (chunk.length === 0) throw new Error(`it ends within ${JSON.stringify(this.path)}`);
      this.#left -= chunk.length;
      yield chunk;
    }
  }

  async skipRest(): Promise<void> {
    for await (const _ of this);
    await this.queue.take(this.#paddingBytes);
    this.#paddingBytes = 0;
  }
}
