import { dayMs } from '../durations.js';
/** A stored backup, as far as its re-reading goes. */
export interface RereadEntry {
  id: string;
  sizeBytes: number;
  /** When every byte of it was last read and found right; null: never, as far as is known. */
  readAtMs: number | null;
  /** When it was first seen: a backup that was never read is due from then on. */
  seenAtMs: number;
  takenAtMs: number;
}

export interface RereadQuestion {
  entries: readonly RereadEntry[];
  now: Date;
  /** When the run before this one was; null: there was none. */
  lastRunAtMs: number | null;
  /** Bytes that the runs before may have read and did not; below zero, what they read ahead. */
  creditBytes: number;
  withinDays: number;
}

export interface RereadPlan {
  /** In this order. */
  ids: string[];
  bytes: number;
  /** To be handed to the next run, once these are read. */
  creditBytes: number;
  /** Those that no run has read in time. */
  overdue: number;
}

/** Faster than must be, so that runs may fail and backups be added. */
const haste = 1.25;

/** From this part of the days on a backup is read without credit. */
const urgentAfter = 0.9;

/**
 * Which backups a run re-reads: those whose time runs out first, the newest first among equals, as many bytes as the
 * time since the last run stands for. A run so reads at most a day's share and one backup more, however long the runs
 * before it have failed, and each backup is read within the days as long as runs come.
 */
export function planRereads(question: RereadQuestion): RereadPlan {
  const { entries, now, lastRunAtMs, withinDays } = question;
  const withinMs = withinDays * dayMs;
  const totalBytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const dayShareBytes = (totalBytes * haste) / withinDays;
  const elapsedMs = lastRunAtMs === null ? 0 : Math.max(0, now.getTime() - lastRunAtMs);
  const earned = dayShareBytes * Math.min(1, elapsedMs / dayMs);
  // What was read ahead is paid within one turn, also where the backup that was read is gone.
  let creditBytes = Math.min(dayShareBytes, Math.max(-totalBytes, question.creditBytes) + earned);
  const age = (entry: RereadEntry) => now.getTime() - countedFrom(entry);
  const plan: RereadPlan = { ids: [], bytes: 0, creditBytes, overdue: 0 };
  for (const entry of [...entries].sort(firstDue)) {
    if (age(entry) > withinMs) plan.overdue += 1;
    const isUrgent = age(entry) >= urgentAfter * withinMs;
    const mayRead = creditBytes > 0 || (isUrgent && plan.bytes < Math.max(1, dayShareBytes));
    if (!mayRead) continue;
    plan.ids.push(entry.id);
    plan.bytes += entry.sizeBytes;
    creditBytes -= entry.sizeBytes;
  }
  return { ...plan, creditBytes };
}

function countedFrom({ readAtMs, seenAtMs }: RereadEntry): number {
  return readAtMs ?? seenAtMs;
}

function firstDue(a: RereadEntry, b: RereadEntry): number {
  return countedFrom(a) - countedFrom(b) || b.takenAtMs - a.takenAtMs || (a.id < b.id ? -1 : 1);
}
