import { duration, hourMs } from '../durations.js';

/** What cycles last told of an archive that is not whole. */
export interface ToldArchive {
  message: string;
  priority: 'high' | 'critical';
  /** Since when it is so, and when that was last told; ISO 8601. */
  since: string;
  toldAt: string;
}

/** What is wrong with an archive now. */
export type WrongArchive = Pick<ToldArchive, 'message' | 'priority'>;

/** What is to be told; `told` is for the next cycle to know. */
export interface ArchiveNews {
  message?: string;
  told: ToldArchive | null;
}

/** A gap stands for days: it is told when it comes, when it is another, again after an interval, and when it is over. */
export function archiveNews(
  last: ToldArchive | null,
  wrong: WrongArchive | null,
  now: Date,
  reminderHours: number,
): ArchiveNews {
  const at = now.toISOString();
  const lasted = last ? duration((now.getTime() - Date.parse(last.since)) / 1000) : '';
  if (!wrong)
    return last ? { message: `the WAL archive is whole again after ${lasted}`, told: null } : { told: null };
  const { message, priority } = wrong;
  if (last?.message !== message || last.priority !== priority)
    return { message, told: { message, priority, since: at, toldAt: at } };
  if (now.getTime() - Date.parse(last.toldAt) < reminderHours * hourMs) return { told: last };
  return { message: `still, after ${lasted}: ${message}`, told: { ...last, toldAt: at } };
}
