import { createHash } from 'node:crypto';
import { filePortions } from './file-portions.js';
import { openFile } from './real-file.js';
import { storing } from './storage-error.js';

interface HashOptions {
  /** Told the bytes read so far, after each portion. */
  onProgress?: (bytes: number) => void;
}

/**
 * SHA-256 (hexadecimal) and size of a file, read from its beginning to its end; never through a symbolic link.
 *
 * @throws HoldfastError `StorageFailed` where it is gone or can't be read, `SymbolicLinkRefused`, `PathRefused`
 */
export async function hashFile(
  path: string,
  { onProgress }: HashOptions = {},
): Promise<{ checksum: string; sizeBytes: number }> {
  return storing({ attempted: `read ${path}`, path }, async () => {
    const handle = await openFile(path);
    try {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      for await (const portion of filePortions(handle)) {
        hash.update(portion);
        sizeBytes += portion.length;
        onProgress?.(sizeBytes);
      }
      return { checksum: hash.digest('hex'), sizeBytes };
    } finally {
      await handle.close();
    }
  });
}
