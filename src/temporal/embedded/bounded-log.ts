import { appendFileSync, renameSync, statSync } from 'node:fs';

const limitBytes = 1024 * 1024;

/** Appends to a log file; at 1 MiB it becomes `{file}.1` and a new one begins, so that there are 2 MiB at most. */
export class BoundedLog {
  #size: number;

  constructor(private readonly file: string) {
    this.#size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  write(text: string | Buffer): void {
    try {
      if (this.#size >= limitBytes) {
        renameSync(this.file, `${this.file}.1`);
        this.#size = 0;
      }
      appendFileSync(this.file, text, { mode: 0o600 });
      this.#size += Buffer.byteLength(text);
    } catch {
      // A full disk must not take the server down for the sake of its log.
    }
  }
}
