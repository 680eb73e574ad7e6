import { createHash } from 'node:crypto';
import type { BackupManifest } from './manifest.js';

/** Holds a base backup's files against its manifest: every one there, once, with the bytes that were backed up. */
export class ManifestCheck {
  readonly #missing: Set<string>;

  constructor(private readonly manifest: BackupManifest) {
    this.#missing = new Set(manifest.files.keys());
  }

  /** Passes a file on. @throws Error for one that the manifest doesn't name, at its end when it differs from it */
  async *file(path: string, sizeBytes: number, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const shown = JSON.stringify(path);
    const expected = this.manifest.files.get(path);
    if (!expected) throw new Error(`it holds ${shown}, which its manifest does not name`);
    if (sizeBytes !== expected.sizeBytes)
      throw new Error(`${shown} has ${sizeBytes} bytes, its manifest says ${expected.sizeBytes}`);
    const hash = createHash('sha256');
    for await (const chunk of content) {
      hash.update(chunk);
      yield chunk;
    }
    const checksum = hash.digest('hex');
    if (checksum !== expected.checksum)
      throw new Error(`${shown} has SHA-256 ${checksum}, its manifest says ${expected.checksum}`);
    if (!this.#missing.delete(path)) throw new Error(`it holds ${shown} twice`);
  }

  /** @throws Error naming what did not come */
  requireComplete(): void {
    const [missing] = this.#missing;
    if (missing === undefined) return;
    const others = this.#missing.size - 1;
    throw new Error(
      `${JSON.stringify(missing)}${others > 0 ? ` and ${others} more files` : ''} of its manifest are missing`,
    );
  }
}
