import { counted } from '../counts.js';
import { duration, hourMs } from '../durations.js';
import { type ArchiveReport, isWhole } from './archive-report.js';

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

/** What is wrong with an archive, in words; null when it is whole. */
export function wrongWith(report: ArchiveReport): WrongArchive | null {
  if (isWhole(report)) return null;
  const { gaps, damaged, foreign } = report;
  const [gap] = gaps.items;
  const found = [
    gap && `${counted(gaps.total, 'gap')}, the first from ${gap.firstMissing} to ${gap.lastMissing}`,
    damaged.items[0] && `${damaged.total} damaged, the first ${damaged.items[0].file}`,
    foreign.items[0] && `${foreign.total} of another cluster, the first ${foreign.items[0].file}`,
  ].filter((words) => words !== undefined);
  return {
    // A gap that a base backup has mended costs the points within it, and no others.
    priority: report.needsBase || damaged.total + foreign.total > 0 ? 'critical' : 'high',
    message: `the WAL archive is not whole: ${found.join('; ')}`,
  };
}
