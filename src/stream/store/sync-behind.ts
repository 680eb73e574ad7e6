import type { FileHandle } from 'node:fs/promises';

/** What a disk of 10 MB a second makes durable in less than half of the default stall timeout. */
const defaultPartBytes = 256 * 1024 * 1024;

/**
 * Makes a growing file durable part by part while it is written. All at once at its end, what the system's memory holds
 * of it can take minutes, without a sign whether the disk does anything; and it crowds out what the server has cached.
 */
export class SyncBehind {
  #begunBytes = 0;
  #underway: Promise<void> = Promise.resolve();

  constructor(
    private readonly file: FileHandle,
    private readonly partBytes: number = defaultPartBytes,
  ) {}

  /** Told the file's size after each write. Waits only where the part before is not durable yet. */
  async written(sizeBytes: number): Promise<void> {
    if (sizeBytes - this.#begunBytes < this.partBytes) return;
    await this.#underway;
    this.#begunBytes = sizeBytes;
    this.#underway = this.file.datasync();
    this.#underway.catch(() => undefined);
  }

  /** Resolves when no part is on its way any more. What came after the last one is left to the caller. */
  async finished(): Promise<void> {
    await this.#underway;
  }
}
