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

/** A decision either counts, or is refused with the reason; it is recorded in the state both times. */
export interface DecisionResult {
  state: ApprovalState;
  refusedBecause: string | null;
}

export interface ApprovalRequest {
  policy: ApprovalPolicy;
  requester: string;
  evidence: string;
  /** ISO 8601. */
  at: string;
}

const keptAtEachEnd = 100;
const longestReason = 500;
const longestName = 200;

/** Opens an approval that waits for people. */
export function openApproval({ policy, requester, evidence, at }: ApprovalRequest): ApprovalState {
  const deadline = new Date(Date.parse(at) + policy.deadlineMinutes * 60_000).toISOString();
  const empty = { approvals: [], rejection: null, record: [], forgotten: 0 };
  return { policy, requester, evidence, openedAt: at, deadline, outcome: 'pending', ...empty };
}

/** Why a decision would not count, in words; undefined when it would. For validators, which must not change anything. */
export function refusalOf(state: ApprovalState, decision: Decision): string | undefined {
  const { policy, outcome, deadline } = state;
  const { kind, approver, reason, evidence, at } = decision;
  const name = personOf(approver);
  if (outcome === 'approved' || outcome === 'rejected') return `it is decided already: ${outcome}`;
  if (outcome === 'expired' || !(Date.parse(at) <= Date.parse(deadline)))
    return `it is too late: the deadline was ${deadline}`;
  if (name === '') return 'it says not who decides';
  if (evidence !== state.evidence)
    return `it is about other evidence (${shown(evidence)}) than what the restore would do (${shown(state.evidence)})`;
  if (policy.allowedApprovers && !policy.allowedApprovers.some((allowed) => personOf(allowed) === name))
    return `${shown(approver)} is not among those who may decide: ${policy.allowedApprovers.join(', ') || 'nobody'}`;
  if (reason.trim() === '' && (kind === 'reject' || policy.protected)) return 'it says not why';
  const barred = requesterBarredBecause(policy);
  if (kind === 'approve' && barred !== undefined && personOf(state.requester) === name)
    return `${shown(approver)} asked for the restore, and ${barred}: somebody else must approve`;
  if (kind === 'approve' && state.approvals.some((earlier) => personOf(earlier.approver) === name))
    return `${shown(approver)} has approved already, and ${policy.approvers} different people must`;
  return undefined;
}

/** Takes a decision into account. A rejection by one who may decide ends it; so does the last approval needed. */
export function decide(state: ApprovalState, decision: Decision): DecisionResult {
  const refusedBecause = refusalOf(state, decision) ?? null;
  const recorded = record(state, { ...cutDecision(decision), refusedBecause });
  if (refusedBecause !== null) return { state: recorded, refusedBecause };
  const { approver, reason, at } = cutDecision(decision);
  const said = { approver, reason, at };
  if (decision.kind === 'reject')
    return { state: { ...recorded, outcome: 'rejected', rejection: said }, refusedBecause };
  const approvals = [...state.approvals, said];
  const outcome = approvals.length >= Math.max(1, state.policy.approvers) ? 'approved' : 'pending';
  return { state: { ...recorded, approvals, outcome }, refusedBecause };
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

/** The same person however the name is written: without spaces around it, in any case. */
function personOf(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

function shown(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function cutDecision({ kind, approver, reason, evidence, at }: Decision): Decision {
  return {
    kind,
    approver: approver.slice(0, longestName).trim(),
    reason: reason.slice(0, longestReason).trim(),
    evidence: evidence.slice(0, longestName),
    at,
  };
}

function record(state: ApprovalState, decision: RecordedDecision): ApprovalState {
  if (state.record.length < 2 * keptAtEachEnd) return { ...state, record: [...state.record, decision] };
  const first = state.record.slice(0, keptAtEachEnd);
  const last = state.record.slice(keptAtEachEnd + 1);
  return { ...state, record: [...first, ...last, decision], forgotten: state.forgotten + 1 };
}
