import { scheduleIdPrefix } from './contracts.js';
import { type Difference, differences } from './differences.js';
import type { ScheduleShape } from './shape.js';

/** A schedule that the settings ask for. */
export interface WantedSchedule {
  id: string;
  /** Kept when it is there, and not created when it is not. */
  onlyIfThere: boolean;
  shape: ScheduleShape;
}

/** A schedule that Temporal has. */
export interface PresentSchedule {
  id: string;
  /** Whose settings it was made of; null for one that is not Holdfast's. */
  owner: string | null;
  paused: boolean;
  /** Why, in the words of who paused it. */
  note: string;
  shape: ScheduleShape;
}

/** What is to become of one schedule. */
export type ScheduleStep =
  | { what: 'create'; id: string; shape: ScheduleShape }
  | { what: 'change'; id: string; shape: ScheduleShape; differences: Difference[] }
  | { what: 'keep'; id: string }
  | { what: 'remove'; id: string }
  /** Made by others, and now to be ours; its pause stays. */
  | {
      what: 'take over';
      id: string;
      owner: string | null;
      shape: ScheduleShape;
      paused: boolean;
      note: string;
    }
  /** Made by others, and left to them. */
  | { what: 'foreign'; id: string; owner: string | null };

/**
 * What makes of the schedules that are there those that are wanted. Schedules of other owners are never changed or
 * removed, but for those whose ids are wanted when they are to be taken over.
 */
export function planSchedules(
  wanted: readonly WantedSchedule[],
  present: readonly PresentSchedule[],
  owner: string,
  takeOver = false,
): ScheduleStep[] {
  const there = new Map(present.map((each) => [each.id, each]));
  const steps = wanted.flatMap((each) => stepFor(each, there.get(each.id), owner, takeOver));
  const ids = new Set(wanted.map(({ id }) => id));
  const isOver = (each: PresentSchedule) =>
    each.owner === owner && each.id.startsWith(scheduleIdPrefix) && !ids.has(each.id);
  return [...steps, ...present.filter(isOver).map(({ id }): ScheduleStep => ({ what: 'remove', id }))];
}

function stepFor(
  { id, onlyIfThere, shape }: WantedSchedule,
  present: PresentSchedule | undefined,
  owner: string,
  takeOver: boolean,
): ScheduleStep[] {
  if (!present) return onlyIfThere ? [] : [{ what: 'create', id, shape }];
  if (present.owner !== owner) {
    const { owner: other, paused, note } = present;
    return [
      takeOver
        ? { what: 'take over', id, owner: other, shape, paused, note }
        : { what: 'foreign', id, owner: other },
    ];
  }
  const found = differences(present.shape, shape);
  return [found.length === 0 ? { what: 'keep', id } : { what: 'change', id, shape, differences: found }];
}
