import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { type ErrorStory, messageOf } from '../src/domain/errors.js';

/** A failure that trying again can't mend, with its story as activities' failures have theirs. */
export function failureOf(type: string, story: ErrorStory): ApplicationFailure {
  const message = `${story.attempted}: ${story.cause}`;
  return ApplicationFailure.create({ type, nonRetryable: true, message, details: [story] });
}

/** The failure that began a chain of Temporal's wrappers: what an activity or a child reported. */
export function rootFailure(error: unknown): unknown {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause ? rootFailure(error.cause) : error;
}

/** One line for people: the message of the failure's root; for a timeout, which step met which timeout, and where. */
export function failureMessage(error: unknown, hostQueue = 'its host'): string {
  const root = rootFailure(error);
  if (root instanceof TimeoutFailure && error instanceof ActivityFailure) {
    return `${error.activityType}: ${timeoutWords(root.timeoutType, hostQueue) ?? root.message}`;
  }
  return messageOf(root);
}

/** The type in the error catalogue, or of Temporal's own failure. */
export function failureType(error: unknown): string {
  const root = rootFailure(error);
  if (root instanceof ApplicationFailure && root.type) return root.type;
  return root instanceof TimeoutFailure ? 'TimedOut' : 'GeneralError';
}

/** What helps, where an activity's story tells it. */
export function failureRemedy(error: unknown): string | undefined {
  const root = rootFailure(error);
  const [story] = root instanceof ApplicationFailure ? (root.details ?? []) : [];
  const { remedy } = (story ?? {}) as Partial<ErrorStory>;
  return typeof remedy === 'string' ? remedy : undefined;
}

function timeoutWords(type: TimeoutFailure['timeoutType'], hostQueue: string): string | undefined {
  if (type === 'SCHEDULE_TO_START') return `no worker serves ${hostQueue}; start \`holdfast worker\` there`;
  if (type === 'HEARTBEAT') return 'made no progress and was given up';
  return type === 'START_TO_CLOSE' ? 'took longer than it may' : undefined;
}
