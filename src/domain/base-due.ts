import type { ArchiveReport } from './archive-report.js';
import type { BaseBackupSummary } from './base-backup.js';
import { dayMs } from './durations.js';

export interface BaseDueQuestion {
  /** Of this cluster, newest first. */
  bases: readonly Pick<BaseBackupSummary, 'id' | 'stoppedAt' | 'verifiedAt'>[];
  archive: Pick<ArchiveReport, 'needsBase'>;
  now: Date;
  baseBackupDays: number;
  forced: boolean;
}

/**
 * Why a base backup is due, or null. Besides age: a gap after the newest one, since from there on nothing can be
 * recovered to until there is another. One dated in the future says nothing of the present.
 */
export function whyBaseDue({ bases, archive, now, ...asked }: BaseDueQuestion): string | null {
  if (asked.forced) return 'it was asked for';
  const usable = bases.filter(
    ({ verifiedAt, stoppedAt }) => verifiedAt !== null && Date.parse(stoppedAt) <= now.getTime(),
  );
  const [newest] = usable.toSorted((a, b) => Date.parse(b.stoppedAt) - Date.parse(a.stoppedAt));
  if (!newest) return 'there is none';
  if (archive.needsBase) return `WAL is missing since ${newest.id}`;
  const days = (now.getTime() - Date.parse(newest.stoppedAt)) / dayMs;
  return days >= asked.baseBackupDays ? `${newest.id} is ${Math.floor(days)} days old` : null;
}
