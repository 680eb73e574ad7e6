import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { HoldfastError } from '../domain/errors.js';
import { hasLivePoller, type OperationQueues } from './task-queues.js';

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
    return { handle, runId: handle.firstExecutionRunId, adopted: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return adoptOrRefuse(client, start);
  }
}

async function adoptOrRefuse(client: Client, start: OperationStart): Promise<StartedOperation> {
  const running = await client.workflow.getHandle(start.workflowId).describe();
  const { runId, taskQueue, startTime } = running;
  if (taskQueue === start.queues.workflows && !(await hasLivePoller(client, taskQueue))) {
    return { handle: client.workflow.getHandle(start.workflowId, runId), runId, adopted: true };
  }
  throw new HoldfastError('AlreadyRunning', {
    attempted: `start ${start.summary}`,
    cause: `workflow ${start.workflowId} (run ${runId}) is running since ${startTime.toISOString()}`,
    remedy: 'wait for it to end, or cancel it in the Web UI',
  });
}
