import {
  type ApprovalState,
  approvalsMissing,
  type Decision,
  personOf,
  requesterBarredBecause,
} from './policy.js';

/** Why a decision does not count, and what the person can do instead. */
export interface Refusal {
  cause: string;
  remedy: string;
}

/** Why a decision would not count; undefined when it would. For validators, which must not change anything. */
export function refusalOf(state: ApprovalState, decision: Decision): Refusal | undefined {
  return tooLate(state, decision) ?? aboutOther(state, decision) ?? notTheirs(state, decision);
}

/** Nothing that anybody sends counts any more. */
function tooLate({ outcome, deadline }: ApprovalState, { at }: Decision): Refusal | undefined {
  if (outcome === 'approved')
    return { cause: `it is decided already: ${outcome}`, remedy: '`holdfast status` tells how it goes on.' };
  if (outcome === 'rejected')
    return { cause: `it is decided already: ${outcome}`, remedy: 'Begin it again to ask again.' };
  if (outcome === 'expired' || !(Date.parse(at) <= Date.parse(deadline)))
    return { cause: `it is too late: the deadline was ${deadline}`, remedy: 'Begin it again to ask again.' };
  return undefined;
}

function aboutOther({ evidence: present }: ApprovalState, decision: Decision): Refusal | undefined {
  if (personOf(decision.approver) === '')
    return { cause: 'it says not who decides', remedy: 'Send it again with your name as its "approver".' };
  if (decision.evidence === present) return undefined;
  return {
    cause: `it is about other evidence (${shown(decision.evidence)}) than what the restore would do (${shown(present)})`,
    remedy:
      'Read what it would do now, then decide about that: by the whole digest, or at least its first 12 digits after --evidence.',
  };
}

function notTheirs(state: ApprovalState, { kind, approver, reason }: Decision): Refusal | undefined {
  const { policy, requester, approvals } = state;
  const name = personOf(approver);
  if (policy.allowedApprovers && !policy.allowedApprovers.some((allowed) => personOf(allowed) === name))
    return notAllowed(approver, policy.allowedApprovers);
  if (reason.trim() === '' && (kind === 'reject' || policy.protected))
    return {
      cause: 'it says not why',
      remedy: 'Send it again with a reason: after --reason, or as its "reason".',
    };
  if (kind === 'reject') return undefined;
  const barred = requesterBarredBecause(policy);
  if (barred !== undefined && personOf(requester) === name)
    return {
      cause: `${shown(approver)} asked for the restore, and ${barred}: somebody else must approve`,
      remedy: 'Have another person approve it, from an account of their own; you may reject it.',
    };
  if (approvals.some((earlier) => personOf(earlier.approver) === name))
    return {
      cause: `${shown(approver)} has approved already, and ${policy.approvers} different people must`,
      remedy: `Have others approve it, from accounts of their own; still missing: ${approvalsMissing(state)}.`,
    };
  return undefined;
}

function notAllowed(approver: string, allowed: string[]): Refusal {
  return {
    cause: `${shown(approver)} is not among those who may decide: ${allowed.join(', ') || 'nobody'}`,
    remedy:
      allowed.length > 0
        ? 'Ask one of them to decide.'
        : 'Name who may as `approval.allowedApprovers` of the settings, cancel the restore, and begin it again.',
  };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
