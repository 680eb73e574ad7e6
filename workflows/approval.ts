import {
  type ApplicationFailure,
  condition,
  defineSignal,
  defineUpdate,
  log,
  setHandler,
} from '@temporalio/workflow';
import {
  type ApprovalView,
  type DecisionAnswer,
  type DecisionMessage,
  decisionMessages,
} from '../src/domain/approval/contracts.js';
import { decide } from '../src/domain/approval/decision.js';
import {
  type ApprovalRequest,
  type ApprovalState,
  approvalsMissing,
  type Decision,
  expire,
  openApproval,
} from '../src/domain/approval/policy.js';
import type { Refusal } from '../src/domain/approval/refusal.js';
import { failureOf } from './failures.js';

export const approveSignal = defineSignal<[DecisionMessage]>(decisionMessages.approve);
export const rejectSignal = defineSignal<[DecisionMessage]>(decisionMessages.reject);
export const approveUpdate = defineUpdate<DecisionAnswer, [DecisionMessage]>(decisionMessages.approve);
export const rejectUpdate = defineUpdate<DecisionAnswer, [DecisionMessage]>(decisionMessages.reject);

/** What the Web UI shows where a message is chosen. */
const descriptions = {
  approve: 'agree to what the evidence shows: the target is replaced',
  reject: 'end the restore: the target stays as it is',
} as const;

/** Attempts to decide that a status or summary shows. */
const shownAttempts = 20;

export interface ApprovalEvents {
  /** The state changed: somebody decided, or was refused. */
  onChange: () => void;
  /** Nobody decided for as long as the policy has between two reminders. */
  onReminder: () => Promise<void>;
}

/** An approval of this workflow: its messages are answered from the workflow's start. */
export class Approval {
  #state: ApprovalState | undefined;
  #onChange: () => void = () => undefined;

  constructor() {
    for (const kind of ['approve', 'reject'] as const) {
      const [signal, update] =
        kind === 'approve'
          ? ([approveSignal, approveUpdate] as const)
          : ([rejectSignal, rejectUpdate] as const);
      const description = descriptions[kind];
      setHandler(signal, (message) => this.#signalled(kind, message), { description });
      setHandler(update, (message) => this.#decided(kind, message), {
        description,
        validator: (message) => this.#validate(message),
      });
    }
  }

  /** As it stands; undefined before it was opened. */
  get view(): ApprovalView | undefined {
    const state = this.#state;
    if (!state) return undefined;
    const { outcome, openedAt, deadline, policy, approvals, record } = state;
    const missing = approvalsMissing(state);
    return { outcome, openedAt, deadline, missing, policy, approvals, record: record.slice(-shownAttempts) };
  }

  /** Opens the approval and waits until it is decided or its deadline has passed. */
  async wait(request: ApprovalRequest, { onChange, onReminder }: ApprovalEvents): Promise<ApprovalState> {
    const opened = openApproval(request);
    this.#state = opened;
    this.#onChange = onChange;
    onChange();
    const isDecided = () => this.#state?.outcome !== 'pending';
    const deadline = Date.parse(opened.deadline) + 1;
    const every = reminderMs(opened);
    for (let next = Date.now() + every; Date.now() < deadline; next += every) {
      // A reminder in the last minute would come too late to be of use.
      const isReminder = next < deadline - 60_000;
      const until = isReminder ? next : deadline;
      if (await condition(isDecided, Math.max(1, until - Date.now()))) break;
      if (isReminder) await onReminder();
    }
    this.#state = expire(this.#state, new Date().toISOString());
    onChange();
    return this.#state;
  }

  #signalled(kind: Decision['kind'], message: DecisionMessage): void {
    const problem = problemOf(message) ?? (this.#state ? undefined : tooEarly);
    const refused = problem ?? this.#take(kind, message);
    if (refused !== undefined) log.warn(`the signal ${kind} does not count: ${refused.cause}`);
  }

  /** What is refused here is in no history: only what is no decision at all. */
  #validate(message: DecisionMessage): void {
    const problem = problemOf(message) ?? (this.#state ? undefined : tooEarly);
    if (problem !== undefined) throw refusedFor(problem);
  }

  /** A decision that does not count is refused here, and not in the validator: it stays on record. */
  #decided(kind: Decision['kind'], message: DecisionMessage): DecisionAnswer {
    const refused = this.#take(kind, message);
    if (refused !== undefined) throw refusedFor(refused);
    return { outcome: this.#state?.outcome ?? 'pending', missing: this.view?.missing ?? 0 };
  }

  #take(kind: Decision['kind'], { approver, reason, evidence }: DecisionMessage): Refusal | undefined {
    if (!this.#state) return tooEarly;
    const at = new Date().toISOString();
    const { state, refusal } = decide(this.#state, { kind, approver, reason, evidence, at });
    this.#state = state;
    this.#onChange();
    return refusal;
  }
}

function reminderMs({ policy }: ApprovalState): number {
  return 60_000 * (policy.reminderMinutes ?? Math.max(1, Math.ceil(policy.deadlineMinutes / 2)));
}

const tooEarly: Refusal = {
  cause: 'nothing waits for approval yet',
  remedy: 'Send it again once it waits: `holdfast approvals` lists it then.',
};

/** A message may come from any client: what is no text is told, never thrown upon. */
function problemOf(message: DecisionMessage | undefined): Refusal | undefined {
  const fields = ['approver', 'reason', 'evidence'] as const;
  const wrong = fields.find((field) => typeof message?.[field] !== 'string');
  return wrong === undefined
    ? undefined
    : {
        cause: `it has no ${wrong}; it must be {"approver": "…", "reason": "…", "evidence": "…"}`,
        remedy: "Copy the message from the run's details in the Web UI, or use `holdfast approve`.",
      };
}

function refusedFor({ cause, remedy }: Refusal): ApplicationFailure {
  return failureOf('ApprovalRefused', { attempted: 'decide about the restore', cause, remedy });
}
