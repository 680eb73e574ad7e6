import {
  ActivityFailure,
  ApplicationFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { expect, test } from 'vitest';
import { failureMessage, failureType } from '../../workflows/failures.js';

function activityFailure(cause: Error): ActivityFailure {
  return new ActivityFailure('activity failed', 'dumpDatabase', '1', RetryState.TIMEOUT, 'worker', cause);
}

test("T4 a step that no worker took names its host's queue", () => {
  const error = activityFailure(new TimeoutFailure('timed out', undefined, TimeoutType.SCHEDULE_TO_START));
  expect(failureMessage(error, 'holdfast-host-db1')).toBe(
    'dumpDatabase: no worker serves holdfast-host-db1; start `holdfast worker` there',
  );
});

test('a step that stalled says so', () => {
  const error = activityFailure(new TimeoutFailure('timed out', undefined, TimeoutType.HEARTBEAT));
  expect(failureMessage(error)).toBe('dumpDatabase: made no progress and was given up');
  expect(failureType(error)).toBe('TimedOut');
});

test("an activity's own error keeps its words and its type", () => {
  const error = activityFailure(ApplicationFailure.nonRetryable('dump database "x": no', 'DumpFailed'));
  expect(failureMessage(error)).toBe('dump database "x": no');
  expect(failureType(error)).toBe('DumpFailed');
});
