import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  TerminatedFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { AlertType } from '../src/domain/alert.js';
import type {
  ScheduledRunInput,
  ScheduledRunResult,
  ScheduleKind,
} from '../src/domain/schedule/contracts.js';
import { alert } from './alerts.js';
import { markdownSafe } from './details.js';
import { failureMessage, rootFailure } from './failures.js';
import { readOutcome } from './scheduled-outcome.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

const alertTypes: Record<ScheduleKind, AlertType> = {
  full: 'backup_failed',
  wal: 'wal_archive',
  monitor: 'backup_health',
  drill: 'restore_drill',
};

/**
 * One run of a schedule: does the work in a child with the id that a command would give it, so that there is one at a
 * time whoever starts it. Work that goes on already is no failure: the run is skipped.
 */
export async function scheduledRun(input: ScheduledRunInput): Promise<ScheduledRunResult> {
  const { cluster, operation } = input;
  upsertSearchAttributes(startAttributes('scheduled-run', cluster));
  tell(input, 'runs');
  try {
    const result: unknown = await executeChild(operation.type, {
      workflowId: operation.workflowId,
      args: [{ ...operation.input, isScheduled: true }],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: operation.summary,
    });
    return end(input, readOutcome(input.kind, result));
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return end(input, { outcome: 'skipped', told: 'it ran already' });
    }
    await endFailed(input, error);
    throw error;
  }
}

function end(
  input: ScheduledRunInput,
  { failure, ...told }: ReturnType<typeof readOutcome>,
): ScheduledRunResult {
  if (failure) throw failure;
  upsertSearchAttributes([outcomeAttribute(told.outcome)]);
  tell(input, `${told.outcome}: ${told.told}`);
  return { workflowId: input.operation.workflowId, ...told };
}

async function endFailed(input: ScheduledRunInput, error: unknown): Promise<void> {
  const isCancelled = isCancellation(error);
  upsertSearchAttributes([outcomeAttribute(isCancelled ? 'cancelled' : 'failed')]);
  const message = failureMessage(error, input.operation.input.hostQueue);
  tell(input, isCancelled ? 'cancelled' : `failed: ${message}`);
  // Work tells of its own failures; what somebody terminates tells nothing.
  if (isCancelled || !(rootFailure(error) instanceof TerminatedFailure)) return;
  const { kind, cluster } = input;
  await alert({
    ...{ type: alertTypes[kind], priority: 'critical', cluster, database: '', metrics: {} },
    message: `${input.operation.summary}, by schedule: ${message}`,
  });
}

function tell({ schedule, due, operation }: ScheduledRunInput, state: string): void {
  setCurrentDetails(
    `\`${markdownSafe(operation.workflowId)}\` ${markdownSafe(state)}\n\n${schedule}: \`${due.cron}\`, ${due.timeZone}`,
  );
}
