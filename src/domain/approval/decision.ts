import type { ApprovalState, Decision, RecordedDecision } from './policy.js';
import { type Refusal, refusalOf } from './refusal.js';

/** A decision either counts, or is refused; it is recorded in the state both times. */
export interface DecisionResult {
  state: ApprovalState;
  refusal: Refusal | undefined;
}

const keptAtEachEnd = 100;
const longestReason = 500;
const longestName = 200;

/** Takes a decision into account. A rejection by one who may decide ends it; so does the last approval needed. */
export function decide(state: ApprovalState, decision: Decision): DecisionResult {
  const refusal = refusalOf(state, decision);
  const recorded = record(state, { ...cutDecision(decision), refusedBecause: refusal?.cause ?? null });
  if (refusal) return { state: recorded, refusal };
  const { approver, reason, at } = cutDecision(decision);
  const said = { approver, reason, at };
  if (decision.kind === 'reject')
    return { state: { ...recorded, outcome: 'rejected', rejection: said }, refusal };
  const approvals = [...state.approvals, said];
  const outcome = approvals.length >= Math.max(1, state.policy.approvers) ? 'approved' : 'pending';
  return { state: { ...recorded, approvals, outcome }, refusal };
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
