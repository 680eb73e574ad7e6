import { workflowQueue, workflowTypes } from '../contracts.js';
import { type ScheduledRunInput, scheduledRunWorkflowId } from './contracts.js';
import { type DueTimes, dueTimes } from './due-times.js';

/** All that makes a schedule what it is, but whether a person paused it. */
export interface ScheduleShape {
  times: DueTimes;
  jitterSeconds: number;
  catchUpSeconds: number;
  /** What becomes of a start while the last run goes on. */
  overlap: string;
  pauseOnFailure: boolean;
  workflowType: string;
  workflowId: string;
  taskQueue: string;
  summary: string;
  /** As JSON has it: what others made of it may lack anything. */
  input: ScheduledRunInput | Record<string, unknown> | null;
}

export interface ShapeWishes {
  input: ScheduledRunInput;
  jitterSeconds: number;
  catchUpSeconds: number;
}

/** How Holdfast makes a schedule: one run at a time, one made up for after an outage, and no failure ends it. */
export function shapeOf({ input, jitterSeconds, catchUpSeconds }: ShapeWishes, nowMs: number): ScheduleShape {
  return {
    times: dueTimes(input.due, nowMs),
    ...{ jitterSeconds, catchUpSeconds, overlap: 'SKIP', pauseOnFailure: false },
    workflowType: workflowTypes.scheduledRun,
    workflowId: scheduledRunWorkflowId(input.schedule),
    taskQueue: workflowQueue,
    summary: `by schedule: ${input.operation.summary}`,
    input,
  };
}
