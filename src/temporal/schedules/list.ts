import type { Client, ScheduleDescription } from '@temporalio/client';
import { type ScheduleKind, scheduleIdPrefix } from '../../domain/schedule/contracts.js';
import { eachOf } from '../each-of.js';
import { describeSchedule, presentOf } from './read.js';

/** A schedule as people look at it. Times are ISO 8601, UTC. */
export interface ListedSchedule {
  id: string;
  cluster: string;
  kind: ScheduleKind;
  cron: string;
  timeZone: string;
  paused: boolean;
  /** Why, in the words of who paused it. */
  note: string;
  next: string | null;
  last: ListedRun | null;
  /** Runs left out since another went on, and since they were missed for longer than the catch-up window. */
  skipped: number;
  missed: number;
  owner: string;
}

/** The last run of a schedule. */
export interface ListedRun {
  workflowId: string;
  begun: string;
  /** As the run tells it: `succeeded`, `failed`, `skipped`, `running` … */
  outcome: string;
}

/** Holdfast's schedules in order of their ids; with an owner, only those made of its settings. */
export async function listSchedules(client: Client, owner?: string): Promise<ListedSchedule[]> {
  const ids: string[] = [];
  for await (const { scheduleId } of client.schedule.list())
    if (scheduleId.startsWith(scheduleIdPrefix)) ids.push(scheduleId);
  const listed = await eachOf(ids.sort(), async (id) => {
    const description = await describeSchedule(client, id);
    return description ? listedOf(client, description, owner) : [];
  });
  return listed.flat();
}

async function listedOf(
  client: Client,
  description: ScheduleDescription,
  owner: string | undefined,
): Promise<ListedSchedule[]> {
  const present = presentOf(description);
  if (present.owner === null || (owner !== undefined && present.owner !== owner)) return [];
  const { info } = description;
  const { cluster, kind, due } = (present.shape.input ?? {}) as {
    cluster: string;
    kind: ScheduleKind;
    due?: { cron: string; timeZone: string };
  };
  return [
    {
      ...{ id: present.id, cluster, kind, cron: due?.cron ?? '', timeZone: due?.timeZone ?? '' },
      ...{ paused: present.paused, note: present.note },
      next: present.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
      last: await lastRun(client, info.recentActions.at(-1)),
      ...{ skipped: info.numActionsSkippedOverlap, missed: info.numActionsMissedCatchupWindow },
      owner: present.owner,
    },
  ];
}

/** What has expired from Temporal's history has an outcome that nobody knows. */
async function lastRun(
  client: Client,
  recent: ScheduleDescription['info']['recentActions'][number] | undefined,
): Promise<ListedRun | null> {
  if (!recent) return null;
  const { workflowId, firstExecutionRunId } = recent.action.workflow;
  const run = await client.workflow
    .getHandle(workflowId, firstExecutionRunId)
    .describe()
    .catch(() => undefined);
  const outcome = run?.searchAttributes.HoldfastOutcome?.[0] ?? run?.status.name.toLowerCase() ?? 'unknown';
  return { workflowId, begun: recent.takenAt.toISOString(), outcome: String(outcome) };
}
