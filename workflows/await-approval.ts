import { type ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { type ApprovalPolicy, deadlineOf } from '../src/domain/approval/policy.js';
import { shellWord } from '../src/domain/shell-word.js';
import { alert } from './alerts.js';
import type { Approval } from './approval.js';
import { failureOf } from './failures.js';

/** What people are asked to agree to. */
export interface Question {
  cluster: string;
  /** Empty where it is about a whole cluster. */
  database: string;
  /** Operation and object, as errors tell them: `restore database "shop"`. */
  attempted: string;
  /** What waits, in the words of alerts: `restore of "shop" from shop_full_20260102_020000`. */
  subject: string;
  requester: string;
  policy: ApprovalPolicy;
  /** Digest of what they are shown. */
  evidence: string;
}

/**
 * Asks people, reminds them, and waits until they have decided; returns when they agreed.
 * @throws ApplicationFailure `RestoreRejected`, `ApprovalExpired`
 */
export async function awaitApproval(
  approval: Approval,
  { cluster, database, attempted, subject, requester, policy, evidence }: Question,
  onChange: () => void,
): Promise<void> {
  const at = new Date().toISOString();
  const words = `${subject}, asked for by ${requester}, waits for approval until ${deadlineOf(policy, at)}`;
  const ask = async (message: string) => {
    const about = { type: 'restore_approval', priority: 'high', cluster, database } as const;
    await alert({ ...about, message, remedy: howToDecide(), metrics: {} });
  };
  await ask(words);
  const state = await approval.wait(
    { policy, requester, evidence, at },
    { onChange, onReminder: () => ask(`${words}, still`) },
  );
  if (state.outcome === 'approved') return;
  const { rejection, deadline } = state;
  const cause = rejection
    ? `rejected by ${rejection.approver}: ${rejection.reason}`
    : `nobody decided until ${deadline}`;
  throw refused(rejection ? 'RestoreRejected' : 'ApprovalExpired', attempted, cause);
}

function howToDecide(): string {
  const id = shellWord(workflowInfo().workflowId);
  return `\`holdfast approve ${id} --reason WHY\` shows what it would do and approves it, \`holdfast reject ${id} --reason WHY\` ends it`;
}

/** How a run ends that people did not agree to. */
export function refused(
  type: 'RestoreRejected' | 'ApprovalExpired',
  attempted: string,
  cause: string,
): ApplicationFailure {
  const remedy = 'The target was not touched; restore again to ask again.';
  return failureOf(type, { attempted, cause, remedy });
}
