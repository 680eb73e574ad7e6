import { parseTimestamp } from '../../domain/backup/names.js';
import type { RereadEntry } from '../../domain/health/plan-rereads.js';
import type { RememberedBackup } from './survey-memory.js';

/** A backup of the repository, as far as is known without reading its artifact. */
export interface SurveyedBackup extends RereadEntry {
  /** Null: a base backup, of the whole cluster. */
  database: string | null;
  /** Empty: nothing is known to be wrong. */
  flaw: string;
}

/** What the name alone tells, until there is a look. */
export function unread(id: string, now: Date): Omit<RememberedBackup, 'stamp'> {
  return { takenAtMs: namedTime(id), sizeBytes: 0, readAtMs: null, seenAtMs: now.getTime(), flaw: '' };
}

/** The time in a backup's name; 1970 where it has none. */
export function namedTime(id: string): number {
  return parseTimestamp(id.slice(-'YYYYMMDD_HHMMSS'.length))?.getTime() ?? 0;
}
