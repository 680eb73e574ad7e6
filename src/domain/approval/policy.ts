/** Who must agree before a restore replaces its target. */
export interface ApprovalPolicy {
  protected: boolean;
  /** Different people who must approve. */
  approvers: number;
  requesterMayApprove: boolean;
  /** Time to decide in; after it the restore ends as if rejected. */
  deadlineMinutes: number;
  /** People are reminded this often while it waits. @defaultValue half of the time to decide in */
  reminderMinutes?: number;
  /** Whether the target may be dropped before its backup is loaded. @defaultValue unless it is protected */
  inPlace?: boolean;
  /** Names that may decide; absent: anybody's. */
  allowedApprovers?: string[];
}

/** The same person however the name is written: without spaces around it, in any case. */
export function personOf(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/** Why an approval of the requester's can't count, in words; undefined where it can. */
export function requesterBarredBecause({ protected: isProtected, requesterMayApprove }: ApprovalPolicy) {
  if (requesterMayApprove && !isProtected) return undefined;
  return isProtected ? 'the target is protected' : 'the policy asks for another person';
}

/** Whether a restore may drop the target first. */
export function mayRestoreInPlace({ inPlace, protected: isProtected }: ApprovalPolicy): boolean {
  return inPlace ?? !isProtected;
}

/** Of a target that is not marked `protected`: one person, who may be the one who asked. */
export const defaultPolicy: ApprovalPolicy = {
  protected: false,
  approvers: 1,
  requesterMayApprove: true,
  deadlineMinutes: 24 * 60,
};

/** Of a target marked `protected`: one person, and not the one who asked. */
export const protectedPolicy: ApprovalPolicy = {
  ...defaultPolicy,
  protected: true,
  requesterMayApprove: false,
};

/** What a person sends: `approve` or `reject`. */
export interface Decision {
  kind: 'approve' | 'reject';
  approver: string;
  /** Why; needed to reject, and to approve on a protected target. */
  reason: string;
  /** Digest of the evidence the person saw. */
  evidence: string;
  /** When it arrived, ISO 8601. */
  at: string;
}

/** A decision as it stays in the record, cut; `refusedBecause` null when it counted. */
export interface RecordedDecision extends Decision {
  refusedBecause: string | null;
}

export type ApprovalOutcome = 'pending' | 'approved' | 'rejected' | 'expired';

export interface ApprovalState {
  policy: ApprovalPolicy;
  /** Who asked for the restore. */
  requester: string;
  /** Digest of the evidence that the decision is about. */
  evidence: string;
  openedAt: string;
  deadline: string;
  outcome: ApprovalOutcome;
  /** Who approved, in order. */
  approvals: { approver: string; reason: string; at: string }[];
  rejection: { approver: string; reason: string; at: string } | null;
  /** Every attempt, refused ones too; the first and the last hundred. */
  record: RecordedDecision[];
  /** Attempts that the record has no room for. */
  forgotten: number;
}

export interface ApprovalRequest {
  policy: ApprovalPolicy;
  requester: string;
  evidence: string;
  /** ISO 8601. */
  at: string;
}

/** When an approval that is opened `at` ends as if rejected; both ISO 8601. */
export function deadlineOf({ deadlineMinutes }: ApprovalPolicy, at: string): string {
  return new Date(Date.parse(at) + deadlineMinutes * 60_000).toISOString();
}

/** Opens an approval that waits for people. */
export function openApproval({ policy, requester, evidence, at }: ApprovalRequest): ApprovalState {
  const deadline = deadlineOf(policy, at);
  const empty = { approvals: [], rejection: null, record: [], forgotten: 0 };
  return { policy, requester, evidence, openedAt: at, deadline, outcome: 'pending', ...empty };
}

/** Ends an approval whose deadline has passed; any other stays what it is. */
export function expire(state: ApprovalState, now: string): ApprovalState {
  const isLate = state.outcome === 'pending' && Date.parse(now) > Date.parse(state.deadline);
  return isLate ? { ...state, outcome: 'expired' } : state;
}

/** Approvals still needed. */
export function approvalsMissing({ policy, approvals, outcome }: ApprovalState): number {
  return outcome === 'pending' ? Math.max(1, policy.approvers) - approvals.length : 0;
}
