import {
  CancellationScope,
  isCancellation,
  ParentClosePolicy,
  patched,
  proxyActivities,
  startChild,
  TimeoutFailure,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { Alert } from '../src/domain/alert.js';
import { alertOnceOptions } from './activity-options.js';
import { deliverAlert } from './deliver-alert.js';
import { failureMessage, failureType, rootFailure } from './failures.js';
import { outcomeAttribute } from './search-attributes.js';

const { sendAlert } = proxyActivities<Activities>(alertOnceOptions);

/** An alert, but for what is known only when it is told. */
export type Untimed = Omit<Alert, 'time' | 'host' | 'id'>;

/**
 * Tries an alert once; one that could not be delivered goes on in a workflow of its own, so that none is lost.
 *
 * @returns whether it was delivered at once
 */
export async function alert(content: Untimed): Promise<boolean> {
  const complete: Alert = { ...content, host: '', time: new Date().toISOString(), id: uuid4() };
  return CancellationScope.nonCancellable(async () => {
    let undelivered: string[] | undefined;
    try {
      undelivered = await sendAlert(complete);
      if (!undelivered) return true;
    } catch {
      // No worker took it in time: which channels there are is not known.
    }
    await startChild(deliverAlert, {
      workflowId: `deliver-alert/${complete.id}`,
      args: undelivered ? [complete, undelivered] : [complete],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${content.type}: ${content.database}`,
    });
    return false;
  });
}

/** What people did not agree to is no failure. */
const refusals = ['RestoreRejected', 'ApprovalExpired'];

type Unsuccessful = 'cancelled' | 'rejected' | 'failed';

/** Notes how a run ended that did not succeed; gives whether it was cancelled, refused by people, or failed. */
export function noteFailure(error: unknown): Unsuccessful {
  const isRefusal = refusals.includes(failureType(error));
  const outcome = isCancelled(error) ? 'cancelled' : isRefusal ? 'rejected' : 'failed';
  upsertSearchAttributes([outcomeAttribute(outcome)]);
  return outcome;
}

/** Also where the step's worker was gone before it could end it. */
function isCancelled(error: unknown): boolean {
  if (isCancellation(error)) return true;
  return CancellationScope.current().consideredCancelled && rootFailure(error) instanceof TimeoutFailure;
}

/**
 * A point in time that can't be reached was asked for by a person, who is told by the command. Nothing was touched, and
 * what stands against it in the archive is told by WAL cycles and monitoring. By schedule nobody hears of it otherwise.
 */
function isWrongQuestion(error: unknown): boolean {
  return failureType(error) === 'RecoveryTargetInvalid' && workflowInfo().parent === undefined;
}

/** {@link noteFailure}, and tells of it; one that was cancelled is told to nobody, as is a refused question. */
export async function recordFailure(
  error: unknown,
  { hostQueue, ...run }: Pick<Alert, 'type' | 'cluster' | 'database'> & { hostQueue: string },
): Promise<Unsuccessful> {
  if (isWrongQuestion(error) && patched('wrong-questions-alert-nobody')) {
    upsertSearchAttributes([outcomeAttribute('rejected')]);
    return 'rejected';
  }
  const outcome = noteFailure(error);
  if (outcome === 'cancelled') return outcome;
  const priority = outcome === 'rejected' ? 'medium' : 'critical';
  await alert({ ...run, priority, message: failureMessage(error, hostQueue), metrics: {} });
  return outcome;
}
