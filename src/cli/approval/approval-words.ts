import { type ApprovalPolicy, requesterBarredBecause } from '../../domain/approval/policy.js';
import { duration, printable } from '../output/format.js';

/** Who must agree, and until when. */
export function approvalWords(policy: ApprovalPolicy): string {
  const { approvers, deadlineMinutes, allowedApprovers } = policy;
  const barred = requesterBarredBecause(policy);
  return [
    approvers > 1 ? `by ${approvers} people` : 'by one person',
    ...(barred ? [`other than the requester (${barred})`] : []),
    ...(allowedApprovers ? [`of ${allowedApprovers.map(printable).join(', ')}`] : []),
    `within ${duration(deadlineMinutes * 60)}`,
  ].join(' ');
}
