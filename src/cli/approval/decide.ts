import { isAbsolute } from 'node:path';
import {
  type DecidableStatus,
  type DecisionAnswer,
  decisionMessages,
} from '../../domain/approval/contracts.js';
import { requesterBarredBecause } from '../../domain/approval/policy.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { askToType } from '../ask-to-type.js';
import type { CommandContext } from '../context.js';
import { counted, moment, printable, shellWord } from '../output/format.js';
import { renderMarkdown } from '../output/markdown.js';
import { type RunningWorkflow, sendUpdate } from './running.js';

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
  return sendUpdate(running, decisionMessages[kind], message, `${kind} the restore`);
}

/** Shows what an approver is to see: on standard error, since it is no result. */
export function showEvidence({ output }: CommandContext, status: DecidableStatus): void {
  const { evidence, approval, requester, reason } = status;
  if (!evidence || !approval) return;
  output.tell(`\n${renderMarkdown(evidence.markdown, output)}`);
  const { missing, deadline, policy } = approval;
  output.tell(`asked for by ${printable(reason ? `${requester}: ${reason}` : requester)}`);
  output.tell(`waits for ${counted(missing, 'approval')} until ${moment(deadline)}`);
  const barred = requesterBarredBecause(policy);
  if (barred) output.tell(`${barred}: somebody other than ${printable(requester)} must approve, and say why`);
  if (policy.allowedApprovers)
    output.tell(`who may decide: ${policy.allowedApprovers.map(printable).join(', ')}`);
}

/** How to decide from elsewhere. */
export function showHow(
  { output }: CommandContext,
  { workflowId, runId }: { workflowId: string; runId: string },
  { uiAddress, address, source, namespace }: TemporalPlace,
): void {
  const id = printable(shellWord(workflowId));
  output.tell(`  approve  holdfast approve ${id} --reason WHY`);
  output.tell(`  reject   holdfast reject ${id} --reason WHY`);
  const page = `namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/user-metadata`;
  if (uiAddress) output.tell(`  Web UI   ${uiAddress}/${page}`);
  if (source === 'embedded') output.tell(`  Temporal ${address}`);
}

/** Asks for the target's name to be typed; whether it was. Ends unanswered when `over`, and at Ctrl-C and Ctrl-D. */
export function askForName({ target, inPlace }: DecidableStatus, over: AbortSignal): Promise<boolean> {
  const what = inPlace ? 'DROP it now, which can NOT be undone' : 'replace it';
  const name = isAbsolute(target) ? 'full path of the folder' : 'name of the database';
  return askToType(target, `Type the ${name} to ${what} (${printable(target)}): `, over);
}
