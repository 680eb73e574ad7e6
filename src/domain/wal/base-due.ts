import { dayMs } from '../durations.js';
import { sqlName } from '../sql-name.js';
import type { ArchiveReport } from './archive-report.js';
import type { BaseBackupSummary, BaseTablespace } from './base-backup.js';

export interface BaseDueQuestion {
  /** Of this cluster, newest first. */
  bases: readonly Pick<BaseBackupSummary, 'id' | 'stoppedAt' | 'verifiedAt' | 'tablespaces'>[];
  archive: Pick<ArchiveReport, 'needsBase'>;
  /** That the server has now; none where it does not answer. */
  tablespaces: readonly Pick<BaseTablespace, 'oid' | 'name'>[];
  now: Date;
  baseBackupDays: number;
  forced: boolean;
}

/**
 * Why a base backup is due, or null. Besides age: a gap after the newest one, since from there on nothing can be
 * recovered to until there is another; and a tablespace that is younger, which replay could make only in the folder that
 * it has on the server. One dated in the future says nothing of the present.
 */
export function whyBaseDue({ bases, archive, tablespaces, now, ...asked }: BaseDueQuestion): string | null {
  if (asked.forced) return 'it was asked for';
  const usable = bases.filter(
    ({ verifiedAt, stoppedAt }) => verifiedAt !== null && Date.parse(stoppedAt) <= now.getTime(),
  );
  const [newest] = usable.toSorted((a, b) => Date.parse(b.stoppedAt) - Date.parse(a.stoppedAt));
  if (!newest) return 'there is none';
  if (archive.needsBase) return `WAL is missing since ${newest.id}`;
  const days = (now.getTime() - Date.parse(newest.stoppedAt)) / dayMs;
  if (days >= asked.baseBackupDays) return `${newest.id} is ${Math.floor(days)} days old`;
  const younger = tablespaces.find(({ oid }) => !newest.tablespaces.some((each) => each.oid === oid));
  return younger ? `the tablespace ${sqlName(younger.name)} is younger than ${newest.id}` : null;
}
