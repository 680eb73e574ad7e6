import { ApplicationFailure, isCancellation, log, upsertSearchAttributes } from '@temporalio/workflow';
import type { Alert } from '../src/domain/contracts.js';
import type { RestoreInput } from '../src/domain/restore-contracts.js';
import { alert } from './alerts.js';
import { failureMessage, failureType } from './failures.js';
import { outcomeAttribute } from './search-attributes.js';

/** An alert is never what a restore fails of; the one before, still undelivered, may be on its way. */
export async function tell(
  { cluster, target: database }: RestoreInput,
  content: Pick<Alert, 'type' | 'priority' | 'message' | 'metrics'>,
): Promise<void> {
  try {
    await alert({ ...content, cluster, database });
  } catch (error) {
    log.warn('an alert could not be sent', { cause: failureMessage(error) });
  }
}

/** How a restore ends that people did not agree to. */
export function refused(
  type: 'RestoreRejected' | 'ApprovalExpired',
  target: string,
  cause: string,
): ApplicationFailure {
  const story = {
    attempted: `restore database ${JSON.stringify(target)}`,
    cause,
    remedy: 'The target was not touched; restore again to ask again.',
  };
  const message = `${story.attempted}: ${cause}`;
  return ApplicationFailure.create({ type, nonRetryable: true, message, details: [story] });
}

/** Notes how a restore ended that did not succeed, and tells people unless they cancelled it. */
export async function recordFailure(input: RestoreInput, error: unknown): Promise<void> {
  if (isCancellation(error)) {
    upsertSearchAttributes([outcomeAttribute('cancelled')]);
    return;
  }
  const isRefusal = ['RestoreRejected', 'ApprovalExpired'].includes(failureType(error));
  upsertSearchAttributes([outcomeAttribute(isRefusal ? 'rejected' : 'failed')]);
  const message = failureMessage(error, input.hostQueue);
  const priority = isRefusal ? 'medium' : 'critical';
  await tell(input, { type: 'restore_done', priority, message, metrics: {} });
}
