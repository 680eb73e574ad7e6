import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { type DecidableStatus, decidingStep } from '../domain/approval/contracts.js';
import { statusQuery, workflowTypes } from '../domain/contracts.js';
import { HoldfastError } from '../domain/errors.js';
import { shellWord } from '../domain/shell-word.js';
import { printable } from '../log/printable.js';
import { wasBegunFor } from './begun-wish.js';
import { hasLivePoller, isCommandQueue, type OperationQueues } from './task-queues.js';

export interface OperationStart {
  type: string;
  workflowId: string;
  queues: OperationQueues;
  input: object;
  /** What the Web UI's list shows of it. */
  summary: string;
}

export interface StartedOperation {
  handle: WorkflowHandle;
  runId: string;
  /** It had been begun by a command that is gone; this one sees it through. */
  adopted: boolean;
  /** It was asked to cancel, before that command left or now, and only cleans up. */
  isCancelling: boolean;
  /** It was to do something else: another backup over the same target. It is asked to cancel. */
  isOther: boolean;
}

/**
 * Starts a workflow, or takes over one whose command died.
 *
 * @throws HoldfastError `AlreadyRunning` naming the workflow that runs
 */
export async function startOperation(client: Client, start: OperationStart): Promise<StartedOperation> {
  try {
    const handle = await client.workflow.start(start.type, {
      workflowId: start.workflowId,
      taskQueue: start.queues.workflows,
      args: [start.input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: start.summary,
    });
    return { handle, runId: handle.firstExecutionRunId, adopted: false, isCancelling: false, isOther: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return adoptOrRefuse(client, start);
  }
}

async function adoptOrRefuse(client: Client, start: OperationStart): Promise<StartedOperation> {
  const running = await client.workflow.getHandle(start.workflowId).describe();
  const { runId, taskQueue, startTime } = running;
  if (taskQueue === start.queues.workflows && !(await hasLivePoller(client, taskQueue))) {
    const handle = client.workflow.getHandle(start.workflowId, runId);
    const isOther = !(await wasBegunFor(client, running, start.input));
    if (isOther) await handle.cancel();
    const isCancelling = isOther || running.raw.workflowExtendedInfo?.cancelRequested === true;
    return { handle, runId, adopted: true, isCancelling, isOther };
  }
  throw new HoldfastError('AlreadyRunning', {
    attempted: `start ${start.summary}`,
    cause: `workflow ${start.workflowId} (run ${runId}) is running since ${startTime.toISOString()}`,
    remedy: await remedyFor(client, running),
  });
}

const answerWithinMs = 3_000;

/** What to do about one that runs: some wait for people, some for nobody any more. */
async function remedyFor(client: Client, running: WorkflowExecutionDescription): Promise<string> {
  const { workflowId, runId, taskQueue, type } = running;
  if (isCommandQueue(taskQueue) && !(await hasLivePoller(client, taskQueue))) {
    return 'its command is gone, and had other settings: `holdfast up` ends it, or the same command as it was given then';
  }
  if (decidableTypes.has(type)) {
    const ask = () => client.workflow.getHandle(workflowId, runId).query<DecidableStatus>(statusQuery);
    const status = await client.withDeadline(Date.now() + answerWithinMs, ask).catch(() => undefined);
    const id = printable(shellWord(workflowId));
    if (status?.step === decidingStep)
      return `it waits for approval: \`holdfast approve ${id} --reason WHY\`, or \`holdfast reject ${id} --reason WHY\``;
  }
  return 'wait for it to end, or cancel it in the Web UI';
}

/** Those that ask people before they replace their target. */
const decidableTypes: ReadonlySet<string> = new Set([
  workflowTypes.restoreDatabase,
  workflowTypes.pointInTimeRecovery,
]);
