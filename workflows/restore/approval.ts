import { decidingStep } from '../../src/domain/approval/contracts.js';
import { awaitApproval } from '../await-approval.js';
import type { Prepared } from './prepare.js';
import type { RestoreRun } from './run.js';

/** Waits for people to agree to the evidence. Retention keeps the backup meanwhile, although no step reads it. */
export async function awaitRestoreApproval(
  { input, steps, approval, journal }: RestoreRun,
  { step, inspected: { policy } }: Prepared,
  evidence: string,
): Promise<void> {
  const { cluster, requester, target } = input;
  await steps.quick.leaseBackup({ ...step, minutes: policy.deadlineMinutes });
  journal.enter(decidingStep);
  const { backupId } = journal.status;
  const question = {
    ...{ cluster, database: target, requester, policy, evidence },
    attempted: attemptedOn(target),
    subject: `restore of "${target}" from ${backupId}`,
  };
  await awaitApproval(approval, question, () => journal.show());
}

/** What a restore attempts, in the words of its errors. */
export function attemptedOn(target: string): string {
  return `restore database ${JSON.stringify(target)}`;
}
