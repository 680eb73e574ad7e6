import { ApplicationFailure, activityInfo, CancelledFailure } from '@temporalio/activity';
import { HoldfastError, messageOf } from '../src/domain/errors.js';
import { isServerAway } from '../src/postgres/connection/server-away.js';
import { interruption } from './interruption.js';

/** Attempts after which an error that the step itself reports is final; a worker's death does not count as one. */
const reportedAttempts = 5;

/** After which a server that is away is: some two and a half minutes, in which one that crashed may have recovered. */
const awayAttempts = 14;

/** Whether an error that the step reports now is final, by its kind or by what the step's profile allows. */
export function isLastAttempt(error: unknown, awaitsServer = true): boolean {
  const { attempt, retryPolicy } = activityInfo();
  const most = awaitsServer && isServerAway(error) ? awayAttempts : reportedAttempts;
  return attempt >= Math.min(most, retryPolicy?.maximumAttempts ?? most);
}

/**
 * Wraps an activity so that an error of the catalogue leaves it as an `ApplicationFailure` of the same type, with
 * every secret removed, and a worker's end hands the step on to another worker.
 *
 * @param awaitsServer whether a server that is away is waited for
 */
export function atTheEdge<Input extends unknown[], Output>(
  activity: (...input: Input) => Promise<Output>,
  redact: (text: string) => string,
  awaitsServer = true,
): (...input: Input) => Promise<Output> {
  return async (...input) => {
    try {
      return await activity(...input);
    } catch (error) {
      throw toFailure(error, redact, awaitsServer);
    }
  };
}

function toFailure(error: unknown, redact: (text: string) => string, awaitsServer: boolean): Error {
  const brokenOff = interruption();
  if (brokenOff === 'worker stops') {
    return ApplicationFailure.retryable(
      'the worker was stopped; the step goes on elsewhere',
      'DumpInterrupted',
    );
  }
  if (brokenOff === 'cancelled') return new CancelledFailure('cancelled');
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  return failureOf(error, redact, isLastAttempt(error, awaitsServer));
}

function failureOf(error: unknown, redact: (text: string) => string, isLast: boolean): ApplicationFailure {
  if (!(error instanceof HoldfastError)) {
    const message = redact(messageOf(error));
    const cause = error instanceof Error ? `${error.name}: ${message}` : message;
    return ApplicationFailure.create({
      type: 'GeneralError',
      message: cause,
      nonRetryable: error instanceof TypeError || isLast,
    });
  }
  const { attempted, cause, remedy } = error.story;
  const story = {
    attempted: redact(attempted),
    cause: redact(cause),
    ...(remedy && { remedy: redact(remedy) }),
  };
  return ApplicationFailure.create({
    type: error.type,
    message: redact(error.message),
    nonRetryable: !error.retryable || isLast,
    details: [story],
  });
}
