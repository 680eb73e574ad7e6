import { join } from 'node:path';
import * as z from 'zod';
import { isFolder, readText, statFile } from '../../files/real-file.js';
import { writeWholeIfRoom } from '../../files/write-whole.js';

/** What a look or a re-reading has found of one backup. */
export interface RememberedBackup {
  /** Sizes and times of its files when its metadata was read: others, and it is read again. */
  stamp: string;
  takenAtMs: number;
  sizeBytes: number;
  /** When all of its bytes were last read and found right; null: never, as far as is known. */
  readAtMs: number | null;
  /** When it was first seen. */
  seenAtMs: number;
  /** What is wrong with it; empty: nothing is known to be. */
  flaw: string;
}

const time = z.number().nonnegative();
const schema = z.object({
  format_version: z.literal(1),
  last_run_at: time.nullable(),
  credit_bytes: z.number(),
  /** Stamp, taken at, bytes, read at, seen at, flaw; times in milliseconds since 1970. */
  backups: z.record(
    z.string(),
    z.tuple([z.string(), time, z.number().nonnegative(), time.nullable(), time, z.string()]),
  ),
});

/** Backups by id. */
export type RememberedBackups = Map<string, RememberedBackup>;

/**
 * What earlier looks at the catalogue found, and when each backup was last read whole: a file beside the metadata. It is
 * a memory, not a proof: without it, or where it can't be read, everything is looked at and read again.
 */
export class SurveyMemory {
  readonly #folder: string;
  readonly #path: string;
  readonly #backups = new Map<string, RememberedBackup>();
  #isChanged = false;
  /** When backups were last re-read, in milliseconds since 1970. */
  lastRunAtMs: number | null = null;
  /** Bytes that runs have yet to read, or have read ahead. */
  creditBytes = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, '.survey-memory.json');
  }

  /** That of the folder which holds the full backups. */
  static async read(folder: string, now: Date): Promise<SurveyMemory> {
    const memory = new SurveyMemory(folder);
    const stored = (await statFile(memory.#path)) && parse(await readText(memory.#path));
    if (!stored) return memory;
    const present = now.getTime();
    // A clock that once ran ahead must not keep anything from being read.
    const past = (at: number | null) => (at !== null && at <= present ? at : null);
    memory.lastRunAtMs = past(stored.last_run_at);
    memory.creditBytes = stored.credit_bytes;
    for (const [id, [stamp, takenAtMs, sizeBytes, readAt, seenAt, flaw]] of Object.entries(stored.backups)) {
      const readAtMs = past(readAt);
      memory.#backups.set(id, {
        stamp,
        takenAtMs,
        sizeBytes,
        readAtMs,
        seenAtMs: past(seenAt) ?? present,
        flaw,
      });
    }
    return memory;
  }

  /** Every backup that was there at the last look. */
  entries(): ({ id: string } & RememberedBackup)[] {
    return [...this.#backups].map(([id, backup]) => ({ id, ...backup }));
  }

  get(id: string): RememberedBackup | undefined {
    return this.#backups.get(id);
  }

  set(id: string, backup: RememberedBackup): void {
    this.#backups.set(id, backup);
    this.#isChanged = true;
  }

  /** Forgets all but `ids`. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#backups.keys()) if (!ids.has(id)) this.#isChanged = this.#backups.delete(id);
  }

  /** Notes how far re-reading has come. */
  noteRun(lastRunAtMs: number, creditBytes: number): void {
    Object.assign(this, { lastRunAtMs, creditBytes });
    this.#isChanged = true;
  }

  /** Stores it where anything has changed. */
  async store(): Promise<void> {
    if (!this.#isChanged || !(await isFolder(this.#folder))) return;
    const backups = [...this.#backups].map(
      ([id, { stamp, takenAtMs, sizeBytes, readAtMs, seenAtMs, flaw }]) => [
        id,
        [stamp, takenAtMs, sizeBytes, readAtMs, seenAtMs, flaw],
      ],
    );
    const document = {
      format_version: 1,
      last_run_at: this.lastRunAtMs,
      credit_bytes: this.creditBytes,
      backups: Object.fromEntries(backups),
    };
    this.#isChanged = !(await writeWholeIfRoom(this.#path, `${JSON.stringify(document)}\n`));
  }
}

function parse(text: string): z.infer<typeof schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
