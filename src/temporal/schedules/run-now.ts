import { setTimeout as delay } from 'node:timers/promises';
import type { Client, ScheduleOverlapPolicy } from '@temporalio/client';
import type { ScheduledRunResult } from '../../domain/schedule/contracts.js';
import { errorOfWorkflow } from '../failure.js';

/** A run of a schedule that was begun by hand. */
export interface BegunRun {
  workflowId: string;
  runId: string;
  /** Waits for its end. @throws what the run failed with, as an error of the catalogue */
  result(): Promise<ScheduledRunResult>;
}

const lookEveryMs = 200;

/** Temporal begins a run within a second, where it is not to wait for another. */
const beginsWithinMs = 30_000;

/** Has a schedule's action taken now, also when it is paused; undefined when none began. */
export async function runNow(
  client: Client,
  schedule: string,
  overlap: ScheduleOverlapPolicy,
): Promise<BegunRun | undefined> {
  const handle = client.schedule.getHandle(schedule);
  const known = async () =>
    (await handle.describe()).info.recentActions.map(({ action }) => action.workflow.firstExecutionRunId);
  const before = new Set(await known());
  await handle.trigger(overlap);
  for (const until = performance.now() + beginsWithinMs; performance.now() < until; ) {
    const { recentActions } = (await handle.describe()).info;
    const begun = recentActions.find(({ action }) => !before.has(action.workflow.firstExecutionRunId));
    if (begun) return runOf(client, begun.action.workflow);
    await delay(lookEveryMs);
  }
  return undefined;
}

function runOf(
  client: Client,
  { workflowId, firstExecutionRunId: runId }: { workflowId: string; firstExecutionRunId: string },
): BegunRun {
  return {
    ...{ workflowId, runId },
    result: async () => {
      try {
        return (await client.workflow.getHandle(workflowId, runId).result()) as ScheduledRunResult;
      } catch (error) {
        throw errorOfWorkflow(error, `run ${workflowId}`);
      }
    },
  };
}
