import type { Client } from '@temporalio/client';

/** Begins the id of every schedule of Holdfast's. */
const scheduleIdPrefix = 'holdfast/';

/** A schedule's next run. */
export interface NextRun {
  /** The schedule's id. */
  schedule: string;
  /** The same without what all have in common. */
  name: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** The next run of each of Holdfast's schedules that is not paused, soonest first. */
export async function nextRuns(client: Client): Promise<NextRun[]> {
  const runs: NextRun[] = [];
  for await (const { scheduleId: schedule, state, info } of client.schedule.list()) {
    const [at] = info.nextActionTimes;
    if (!schedule.startsWith(scheduleIdPrefix) || state.paused || !at) continue;
    runs.push({ schedule, name: schedule.slice(scheduleIdPrefix.length), at: at.toISOString() });
  }
  return runs.sort((a, b) => a.at.localeCompare(b.at));
}
