import { createInterface } from 'node:readline/promises';
import { requesterBarredBecause } from '../domain/approval.js';
import { type DecisionAnswer, type RestoreStatus, restoreMessages } from '../domain/restore-contracts.js';
import type { TemporalPlace } from '../temporal/connection.js';
import type { CommandContext } from './context.js';
import { printable } from './output/format.js';
import { type RunningWorkflow, sendUpdate } from './restore-running.js';

export type DecisionTarget = Pick<RunningWorkflow, 'handle'> & Parameters<typeof sendUpdate>[0];

export interface DecisionRequest {
  kind: 'approve' | 'reject';
  approver: string;
  reason: string;
  /** Digest of the evidence that was shown. */
  evidence: string;
}

/** Sends a decision. @throws HoldfastError `ApprovalRefused` with the reason when it does not count */
export function sendDecision(running: DecisionTarget, request: DecisionRequest): Promise<DecisionAnswer> {
  const { kind, ...message } = request;
  return sendUpdate(running, restoreMessages[kind], message, `${kind} the restore`);
}

/** Shows what an approver is to see: on standard error, since it is no result. */
export function showEvidence(
  { output }: CommandContext,
  { evidence, approval, requester }: RestoreStatus,
): void {
  if (!evidence || !approval) return;
  for (const line of evidence.markdown.split('\n')) output.note(line);
  const { missing, deadline, policy } = approval;
  output.note(`waits for ${missing} ${missing === 1 ? 'approval' : 'approvals'} until ${deadline}`);
  const barred = requesterBarredBecause(policy);
  if (barred) output.note(`${barred}: somebody other than ${printable(requester)} must approve, and say why`);
  if (policy.allowedApprovers)
    output.note(`who may decide: ${policy.allowedApprovers.map(printable).join(', ')}`);
}

/** How to decide from elsewhere. */
export function showHow(
  { output }: CommandContext,
  workflowId: string,
  { uiAddress, namespace }: TemporalPlace,
): void {
  output.note(`approve it from anywhere with: holdfast approve ${printable(workflowId)} --reason WHY`);
  output.note(`or reject it with:             holdfast reject ${printable(workflowId)} --reason WHY`);
  const page = `namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
  if (uiAddress) output.note(`or in the Web UI: ${uiAddress}/${page}`);
}

/** Whether a person can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

const tries = 3;

/** Asks for the database's name to be typed; whether it was. Ends unanswered when `over`. */
export async function askForName({ target, inPlace }: RestoreStatus, over: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (let left = tries; left > 0; left -= 1) {
      const what = inPlace ? 'DROP it now, which can NOT be undone' : 'replace it';
      const question = `Type the name of the database to ${what} (${printable(target)}): `;
      const answer = await lines.question(question, { signal: over });
      if (answer.trim() === target) return true;
    }
  } catch {
    // Decided elsewhere meanwhile, or the input ended.
  } finally {
    lines.close();
  }
  return false;
}
