import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { storing } from '../repository/local/storage-error.js';

interface HashOptions {
  /** Told the bytes read so far, after each portion. */
  onProgress?: (bytes: number) => void;
}

/**
 * SHA-256 (hexadecimal) and size of a file, read from its beginning to its end; never through a symbolic link.
 *
 * @throws HoldfastError `StorageFailed` where it is gone or can't be read, `SymbolicLinkRefused`
 */
export async function hashFile(
  path: string,
  options: HashOptions = {},
): Promise<{ checksum: string; sizeBytes: number }> {
  return storing({ attempted: `read ${path}`, path }, () => hash(path, options));
}

async function hash(path: string, { onProgress }: HashOptions) {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const digest = createHash('sha256');
  let sizeBytes = 0;
  const chunks: AsyncIterable<Buffer> = handle.createReadStream({ highWaterMark: 1024 * 1024 });
  for await (const chunk of chunks) {
    digest.update(chunk);
    sizeBytes += chunk.length;
    onProgress?.(sizeBytes);
  }
  return { checksum: digest.digest('hex'), sizeBytes };
}
