import { type Client, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import type { Config } from '../../config/config.js';
import { scheduleIdPrefix } from '../../domain/schedule/contracts.js';
import type { PresentSchedule } from '../../domain/schedule/plan.js';
import type { ScheduleShape } from '../../domain/schedule/shape.js';
import { eachOf } from '../each-of.js';
import { dueTimesOf, hasForeignTimes } from './spec.js';

/** In the memo of each schedule of Holdfast's: whose settings made it. */
const ownerKey = 'holdfastOwner';

/** Whose schedules these are: settings of one host for one repository. */
export function ownerOf({ host, backupDir }: Pick<Config, 'host' | 'backupDir'>): string {
  return `${host}:${backupDir}`;
}

/** What marks a schedule as made of somebody's settings. */
export function ownerMemo(owner: string): Record<string, string> {
  return { [ownerKey]: owner };
}

/** Schedules with ids of Holdfast's kind: those that Temporal lists, and those of `ids`, which it may not list yet. */
export async function presentSchedules(
  client: Client,
  ids: readonly string[] = [],
): Promise<PresentSchedule[]> {
  const all = new Set(ids);
  for await (const { scheduleId } of client.schedule.list())
    if (scheduleId.startsWith(scheduleIdPrefix)) all.add(scheduleId);
  const found = await eachOf([...all].sort(), async (id) => {
    const description = await describeSchedule(client, id);
    return description ? [presentOf(description)] : [];
  });
  return found.flat();
}

/** What Temporal knows of a schedule; undefined where there is none. */
export async function describeSchedule(client: Client, id: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** A schedule as it is compared with what it is to be. */
export function presentOf({ scheduleId: id, memo, state, ...rest }: ScheduleDescription): PresentSchedule {
  const owner = memo?.[ownerKey];
  return {
    ...{ id, owner: typeof owner === 'string' ? owner : null },
    ...{ paused: state.paused, note: state.note ?? '', shape: shapeOf(rest) },
  };
}

function shapeOf({
  spec,
  policies,
  action,
}: Pick<ScheduleDescription, 'spec' | 'policies' | 'action'>): ScheduleShape {
  const times = dueTimesOf(spec);
  return {
    // Other kinds of times are never ours: with them it is another schedule, whatever else it has.
    times: hasForeignTimes(spec) ? { ...times, calendars: [] } : times,
    jitterSeconds: (spec.jitter ?? 0) / 1000,
    catchUpSeconds: policies.catchupWindow / 1000,
    ...{ overlap: policies.overlap ?? '', pauseOnFailure: policies.pauseOnFailure },
    ...{ workflowType: action.workflowType, workflowId: action.workflowId ?? '' },
    ...{ taskQueue: action.taskQueue ?? '', summary: action.staticSummary ?? '' },
    input: (action.args?.[0] ?? null) as ScheduleShape['input'],
  };
}
