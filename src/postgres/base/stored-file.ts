import { createHash } from 'node:crypto';
import { openFile } from '../../files/real-file.js';

/** A stored file, hashed as it is read, never through a symbolic link. */
export class StoredFile {
  sizeBytes = 0;
  readonly #hash = createHash('sha256');

  constructor(
    private readonly path: string,
    private readonly onRead: (bytes: number) => void,
  ) {}

  async *read(): AsyncGenerator<Buffer> {
    const handle = await openFile(this.path);
    const chunks: AsyncIterable<Buffer> = handle.createReadStream({ highWaterMark: 256 * 1024 });
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      this.sizeBytes += chunk.length;
      this.onRead(chunk.length);
      yield chunk;
    }
  }

  checksum(): string {
    return this.#hash.digest('hex');
  }
}
