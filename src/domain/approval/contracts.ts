import type { ApprovalOutcome, ApprovalPolicy, RecordedDecision } from './policy.js';

/** Names of the messages that decide, the same for the signal and the update. */
export const decisionMessages = { approve: 'approve', reject: 'reject' } as const;

/** What `approve` and `reject` carry. */
export interface DecisionMessage {
  approver: string;
  reason: string;
  /** Digest of the evidence that the person saw. */
  evidence: string;
}

/** The answer to a decision that counted. */
export interface DecisionAnswer {
  outcome: ApprovalOutcome;
  /** Approvals still needed. */
  missing: number;
}

/** An approval as a status or summary shows it. */
export interface ApprovalView {
  outcome: ApprovalOutcome;
  openedAt: string;
  deadline: string;
  missing: number;
  policy: ApprovalPolicy;
  approvals: { approver: string; reason: string; at: string }[];
  /** The last twenty attempts to decide, refused ones too. */
  record: RecordedDecision[];
}

/** What a run tells of itself that waits for people before it replaces its target: the answer to the query `status`. */
export interface DecidableStatus {
  step: string;
  /** What is replaced, and what is typed to approve: a database's name, or the full path of a data directory. */
  target: string;
  requester: string;
  reason: string;
  /** Of the full backup or base backup. */
  backupId?: string;
  evidence?: { digest: string; markdown: string };
  /** The target is dropped before its backup is loaded. */
  inPlace?: boolean;
  approval?: ApprovalView;
}

/** The step of every run in which it waits for people. */
export const decidingStep = 'await approval';
