import { HoldfastError, messageOf } from '../../../domain/errors.js';
import type { WalCompression } from '../../../domain/wal/wal-file.js';
import { openFile } from '../../../files/real-file.js';
import { decompress } from '../../../stream/compression/decompress.js';

/**
 * The first bytes of an archived file, decompressed only as far as they need; fewer where it has no more. `why` says
 * what is wrong with its compression.
 *
 * @throws HoldfastError where the file can't be read, or zstd is not installed
 */
export async function readBeginning(
  path: string,
  compression: WalCompression | null,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<Buffer | { why: string }> {
  const handle = await openFile(path);
  try {
    if (compression === null) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(sizeBytes), 0, sizeBytes, 0);
      return buffer.subarray(0, bytesRead);
    }
    const source = handle.createReadStream({ autoClose: false });
    return await collect(decompress(source, compression, signal), sizeBytes);
  } catch (error) {
    if (error instanceof HoldfastError || signal.aborted || compression === null) throw error;
    return { why: `it can't be decompressed: ${messageOf(error)}` };
  } finally {
    await handle.close();
  }
}

async function collect(chunks: AsyncIterable<Buffer>, sizeBytes: number): Promise<Buffer> {
  const collected: Buffer[] = [];
  let total = 0;
  for await (const chunk of chunks) {
    collected.push(chunk);
    total += chunk.length;
    if (total >= sizeBytes) break;
  }
  return Buffer.concat(collected).subarray(0, sizeBytes);
}
