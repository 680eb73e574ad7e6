import { parseBackupId } from '../backup-files.js';
import type { Layout } from '../local/layout.js';
import { readBackup } from '../local/read-backup.js';
import { stampOf } from './stamp.js';
import type { RememberedBackups, SurveyMemory } from './survey-memory.js';
import { namedTime, type SurveyedBackup, unread } from './surveyed-backup.js';

interface LookerOptions {
  now: Date;
  mostReads: number;
  remembered: RememberedBackups | undefined;
  memory: SurveyMemory;
}

/** Looks at full backups one by one, and reads what has changed as long as reading is allowed. */
export class Looker {
  /** How many backups were left to the next look. */
  unseen = 0;
  #reads = 0;

  constructor(
    private readonly layout: Layout,
    private readonly names: ReadonlySet<string>,
    private readonly options: LookerOptions,
  ) {}

  /** Undefined for a backup that is gone. */
  async look(id: string): Promise<SurveyedBackup | undefined> {
    const { memory, now } = this.options;
    const stamp = await stampOf(this.layout, id, this.names);
    const isKnown = memory.get(id)?.stamp === stamp || this.#recall(id, stamp);
    if (!isKnown && !(await this.#read(id, stamp))) return undefined;
    return surveyed(id, memory, now);
  }

  /** Whether this process has read it before. */
  #recall(id: string, stamp: string): boolean {
    const { memory, remembered } = this.options;
    const ours = remembered?.get(id);
    if (ours?.stamp !== stamp) return false;
    memory.set(id, ours);
    return true;
  }

  /** Reads it, unless enough was read. False when it is gone. */
  async #read(id: string, stamp: string): Promise<boolean> {
    const { memory, remembered, mostReads, now } = this.options;
    if (this.#reads >= mostReads) {
      this.unseen += 1;
      return true;
    }
    this.#reads += 1;
    if (!(await readInto(memory, this.layout, id, stamp, now))) return false;
    const read = memory.get(id);
    if (read) remembered?.set(id, read);
    return true;
  }
}

/** Reads a backup's metadata and remembers what it says. False when it is gone. */
async function readInto(
  memory: SurveyMemory,
  layout: Layout,
  id: string,
  stamp: string,
  now: Date,
): Promise<boolean> {
  const read = await readBackup(layout, id);
  if (!read) return false;
  const before = memory.get(id);
  const seenAtMs = before?.seenAtMs ?? now.getTime();
  if (!('backup' in read)) {
    const takenAtMs = before?.takenAtMs ?? namedTime(id);
    memory.set(id, {
      stamp,
      takenAtMs,
      sizeBytes: before?.sizeBytes ?? 0,
      readAtMs: null,
      seenAtMs,
      flaw: read.why,
    });
    return true;
  }
  const { takenAt, sizeBytes, verifiedAt } = read.backup.summary;
  const verified = verifiedAt === null ? Number.NaN : Date.parse(verifiedAt);
  // What was read before its files changed is not what is there now: only its own proof at publication counts.
  const readAtMs = verified <= now.getTime() ? verified : null;
  memory.set(id, { stamp, takenAtMs: Date.parse(takenAt), sizeBytes, readAtMs, seenAtMs, flaw: '' });
  return true;
}

function surveyed(id: string, memory: SurveyMemory, now: Date): SurveyedBackup | undefined {
  const name = parseBackupId(id);
  if (!name) return undefined;
  return { id, database: name.database, ...(memory.get(id) ?? unread(id, now)) };
}
