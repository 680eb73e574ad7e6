import type { WorkflowHandle } from '@temporalio/client';
import {
  type OperationStart,
  type StartedOperation,
  startOperation,
} from '../../temporal/start-operation.js';
import type { CommandContext } from '../context.js';
import type { Progress } from '../output/progress.js';
import { endAt, onInterrupt } from './interrupt.js';
import type { Session } from './session.js';

/** Starts the workflow, and the work on it where that is this process's; undefined when detached: its id is told. */
export async function beginOperation(
  { output }: CommandContext,
  session: Session,
  start: OperationStart,
  detach: boolean,
): Promise<StartedOperation | undefined> {
  let started = await startOperation(session.place.client, start);
  await session.work();
  if (started.isCancelling) {
    output.note(
      started.isOther
        ? `ending ${start.workflowId}, which a command that is gone began with other arguments`
        : `waiting for the end of ${start.summary} that a command cancelled and left`,
    );
    const ended = started.handle.result().catch(() => undefined);
    await Promise.race([ended, session.workerFailed]);
    started = await startOperation(session.place.client, start);
  }
  const { workflowId, summary } = start;
  if (detach) {
    if (output.json) output.printJson({ workflowId, runId: started.runId });
    else output.print(`${workflowId} (run ${started.runId})`);
    return undefined;
  }
  if (started.adopted) output.note(`resuming ${summary}, begun by a command that is gone`);
  return started;
}

/** Has Ctrl-C end this command, and leave the workflow to whoever works on it. @returns as {@link cancelOnInterrupt} */
export function leaveOnInterrupt(progress: Progress): () => void {
  return onInterrupt((signal) => {
    progress.note('it goes on: `holdfast status` tells how');
    endAt(signal);
  });
}

/** Has Ctrl-C ask the workflow to cancel, which is waited for. @returns a function that stops listening */
export function cancelOnInterrupt(handle: WorkflowHandle, progress: Progress): () => void {
  return onInterrupt(() => {
    progress.note('cancelling; press Ctrl-C again to leave at once');
    void handle.cancel().catch(() => undefined);
  });
}
