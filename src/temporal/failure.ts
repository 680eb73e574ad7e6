import { WorkflowFailedError } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { type ErrorStory, type ErrorType, HoldfastError, isErrorType } from '../domain/errors.js';

/** The catalogue's error behind what Temporal reports of a failed workflow. */
export function errorOfWorkflow(error: unknown, attempted: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const failure = root(error);
  if (failure instanceof CancelledFailure) {
    return new HoldfastError('Cancelled', { attempted, cause: 'cancelled' });
  }
  if (failure instanceof TimeoutFailure) return ofTimeout(failure, error, attempted);
  if (!(failure instanceof ApplicationFailure)) return failure;
  return errorOfFailure(failure, attempted);
}

/** The catalogue's error that an activity or a workflow has thrown as a failure. */
export function errorOfFailure(failure: ApplicationFailure, attempted: string): HoldfastError {
  const type: ErrorType = isErrorType(failure.type) ? failure.type : 'GeneralError';
  const [story] = (failure.details ?? []) as [ErrorStory?];
  return new HoldfastError(type, story ?? { attempted, cause: failure.message }, { cause: failure });
}

function root(error: Error): Error {
  const wrapped =
    error instanceof WorkflowFailedError ||
    error instanceof ActivityFailure ||
    error instanceof ChildWorkflowFailure;
  return wrapped && error.cause instanceof Error ? root(error.cause) : error;
}

function ofTimeout(failure: TimeoutFailure, error: WorkflowFailedError, attempted: string): HoldfastError {
  const step = error.cause instanceof ActivityFailure ? error.cause.activityType : 'the workflow';
  if (failure.timeoutType === 'SCHEDULE_TO_START') {
    return new HoldfastError('NoWorkerForHost', {
      attempted,
      cause: `no worker of the host took step ${step} in time`,
      remedy: 'start `holdfast worker` on that host',
    });
  }
  const cause = `step ${step} made no progress or took too long (${failure.timeoutType})`;
  return new HoldfastError('DumpInterrupted', { attempted, cause }, { cause: failure });
}
