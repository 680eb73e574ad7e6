import { type DecidableStatus, decidingStep } from '../src/domain/approval/contracts.js';
import { requesterBarredBecause } from '../src/domain/approval/policy.js';
import { markdownSafe } from './details.js';

/** What a run that waits for people shows of it in Temporal's Web UI, the evidence included; nothing when it does not. */
export function waitingDetails({ step, approval, evidence, requester }: DecidableStatus): string[] {
  if (step !== decidingStep || !approval) return [];
  const people = approval.missing === 1 ? '1 approval' : `${approval.missing} approvals`;
  const last = approval.record.at(-1);
  const barred = requesterBarredBecause(approval.policy);
  return [
    `## Waits for ${people} until ${approval.deadline.slice(0, 16).replace('T', ' ')} UTC`,
    ...(barred
      ? [`**${barred}**: somebody other than ${markdownSafe(requester)} must approve, and say why.`, '']
      : []),
    'To decide, run `holdfast approve` or `holdfast reject`, or choose *More Actions*, *Send an Update* here:',
    '`approve` or `reject`, and as its data, with your name and your reason between the empty quotes:',
    '',
    '```json',
    '{"approver": "", "reason": "", "evidence":',
    ` "${evidence?.digest ?? ''}"}`,
    '```',
    '',
    ...approval.approvals.map(({ approver, at }) => `- approved by ${markdownSafe(approver)} at ${at}`),
    ...(last?.refusedBecause
      ? [`- refused: ${last.kind} by ${markdownSafe(last.approver)}: ${markdownSafe(last.refusedBecause)}`]
      : []),
    '',
    evidence?.markdown ?? '',
  ];
}
