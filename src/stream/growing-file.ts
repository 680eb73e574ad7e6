import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const portionBytes = 256 * 1024;

/** Reads a file while another writes it, behind the writer, through a descriptor of its own. */
export class GrowingFile {
  readonly #file: FileHandle;
  #writtenBytes = 0;
  #complete = false;
  #wake: () => void = () => {};

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens the file that `writer` writes, which must still be the one at `path`. */
  static async follow(path: string, writer: FileHandle): Promise<GrowingFile> {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const [ours, theirs] = [await file.stat(), await writer.stat()];
    if (ours.ino === theirs.ino && ours.dev === theirs.dev) return new GrowingFile(file);
    await file.close();
    throw new Error(`${path} is not the file that is being written`);
  }

  /** Tells the reader how far the file is written. */
  grewTo(sizeBytes: number): void {
    this.#writtenBytes = sizeBytes;
    this.#wake();
  }

  /** Tells the reader that nothing more comes. */
  complete(): void {
    this.#complete = true;
    this.#wake();
  }

  /** What the file holds, up to its end once it is complete. Ends with an error once `signal` is aborted. */
  async *read(signal: AbortSignal): AsyncGenerator<Buffer> {
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake);
    try {
      for (let at = 0; ; ) {
        signal.throwIfAborted();
        const isComplete = this.#complete;
        const portion = await this.#portion(at, isComplete);
        at += portion.length;
        if (portion.length > 0) yield portion;
        else if (isComplete) return;
        else await this.#news(at, signal);
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #portion(at: number, isComplete: boolean): Promise<Buffer> {
    // What is beyond the writer's own count was written by somebody else, and must not go unseen.
    const wanted = isComplete ? portionBytes : Math.min(portionBytes, this.#writtenBytes - at);
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0 && wanted > 0 && !isComplete) {
      throw new Error(`the file ends at byte ${at}, although ${this.#writtenBytes} were written`);
    }
    return buffer.subarray(0, bytesRead);
  }

  async #news(read: number, signal: AbortSignal): Promise<void> {
    if (this.#writtenBytes > read || this.#complete || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
