import type { Client } from '@temporalio/client';
import { scheduleIdPrefix } from '../domain/schedule/contracts.js';
import { ownerMemo } from './schedules/read.js';

/** A schedule's next run. */
export interface NextRun {
  /** The schedule's id. */
  schedule: string;
  /** The same without what all have in common. */
  name: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** The next run of each schedule that `owner`'s settings have made and that is not paused, soonest first. */
export async function nextRuns(client: Client, owner: string): Promise<NextRun[]> {
  const [[key, ours] = ['', '']] = Object.entries(ownerMemo(owner));
  const runs: NextRun[] = [];
  for await (const { scheduleId: schedule, memo, state, info } of client.schedule.list()) {
    const [at] = info.nextActionTimes;
    if (!schedule.startsWith(scheduleIdPrefix) || memo?.[key] !== ours || state.paused || !at) continue;
    runs.push({ schedule, name: schedule.slice(scheduleIdPrefix.length), at: at.toISOString() });
  }
  return runs.sort((a, b) => a.at.localeCompare(b.at));
}
