import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { configFingerprint } from '../../config/fingerprint.js';
import { HoldfastError } from '../../domain/errors.js';
import { findTemporal } from '../../temporal/connection.js';
import { errorOfFailure } from '../../temporal/failure.js';
import { commandQueues, hasLivePoller } from '../../temporal/task-queues.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { type Session, sessionOfOthers, sessionOfThisProcess } from '../operation/session.js';
import { unknownWorkflow } from './unknown-workflow.js';

/** A workflow that was begun before, and somebody who works on it. */
export interface RunningWorkflow {
  session: Session;
  handle: ReturnType<Session['place']['client']['workflow']['getHandle']>;
  isOpen: boolean;
  /** Whether this process has to do the work, since no other worker does. */
  worksHere: boolean;
}

/**
 * Opens the workflow of that id. Where nobody works on it and its command ran with these settings, this process does.
 *
 * @param cluster - as the command named it; told where no such workflow is found, and the settings don't know it either
 * @throws HoldfastError `GeneralError` when there is none, `NoWorkerForHost`, `ConfigurationInvalid`
 */
export async function openRunning(
  context: CommandContext,
  workflowId: string,
  attempted: string,
  cluster: string,
): Promise<RunningWorkflow> {
  const place = await findTemporal(context.temporalOptions).catch((error: unknown) => {
    clusterNamed(context.config, cluster);
    throw error;
  });
  try {
    const { taskQueue, status, runId } = await place.client.workflow.getHandle(workflowId).describe();
    // What is sent and waited for is about this run, also when another one of its name follows.
    const handle = place.client.workflow.getHandle(workflowId, runId);
    const isOpen = status.name === 'RUNNING';
    const queues = { workflows: taskQueue, host: taskQueue };
    if (!isOpen || (await hasLivePoller(place.client, taskQueue)))
      return { session: sessionOfOthers(place, queues), handle, isOpen, worksHere: false };
    if (taskQueue !== commandQueues(configFingerprint(context.config)).workflows)
      throw unserved(attempted, taskQueue);
    const session = sessionOfThisProcess(context, place);
    await session.work();
    return { session, handle, isOpen, worksHere: true };
  } catch (error) {
    const told =
      error instanceof WorkflowNotFoundError
        ? await unknownWorkflow(place.client, attempted, workflowId)
        : error;
    await place.close();
    // Not before: who decides from elsewhere need not have the settings of all clusters.
    if (error instanceof WorkflowNotFoundError) clusterNamed(context.config, cluster);
    throw told;
  }
}

/** Sends an update and gives its answer; what it is refused with comes out as an error of the catalogue. */
export async function sendUpdate<T>(
  { handle, session }: Pick<RunningWorkflow, 'handle'> & { session: Pick<Session, 'workerFailed'> },
  name: string,
  message: object,
  attempted: string,
): Promise<T> {
  try {
    const answer = handle.executeUpdate<T, [object]>(name, { args: [message] });
    return await Promise.race([answer, session.workerFailed]);
  } catch (error) {
    throw errorOfUpdate(error, attempted);
  }
}

function errorOfUpdate(error: unknown, attempted: string): unknown {
  if (error instanceof WorkflowNotFoundError)
    return new HoldfastError('ApprovalRefused', {
      attempted,
      cause: 'it is over: the workflow has ended',
      remedy: '`holdfast status` tells how it ended.',
    });
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? errorOfFailure(cause, attempted) : error;
}

function unserved(attempted: string, taskQueue: string): HoldfastError {
  return new HoldfastError('NoWorkerForHost', {
    attempted,
    cause: `no worker serves ${taskQueue}`,
    remedy: 'start `holdfast worker` on that host, or run this command where and as the restore was run',
  });
}
