import { requesterBarredBecause } from '../../domain/approval/policy.js';
import { messageOf } from '../../domain/errors.js';
import type { OperationStart } from '../../temporal/start-operation.js';
import { canAsk } from '../ask-to-type.js';
import type { CommandContext } from '../context.js';
import { beginOperation } from '../operation/begin.js';
import { requesterName } from '../operation/requester.js';
import type { Session } from '../operation/session.js';
import { askForName, sendDecision, showEvidence, showHow } from './decide.js';
import { type OnWaiting, watchDecidable } from './watch-decidable.js';

/** How the command that begins a run means to have it decided. */
export interface DecidableOptions {
  /** Approve as the requester. */
  yes?: boolean;
  reason?: string;
  detach?: boolean;
}

/** Starts a workflow that may ask people before it replaces its target, and waits for it; undefined when detached. */
export async function runDecidable<T>(
  context: CommandContext,
  session: Session,
  start: OperationStart,
  options: DecidableOptions,
): Promise<T | undefined> {
  const { workflowId, summary } = start;
  const started = await beginOperation(context, session, start, options.detach === true);
  if (!started) return undefined;
  const { handle, runId } = started;
  const onWaiting = decideHere(context, session, { handle, workflowId, runId, options });
  return watchDecidable<T>(context, session, handle, summary, { onWaiting });
}

interface Waiting {
  handle: Parameters<typeof watchDecidable>[2];
  workflowId: string;
  runId: string;
  options: DecidableOptions;
}

/** What the waiting command itself does for the approval: approves, asks, or says how others can. */
function decideHere(
  context: CommandContext,
  session: Session,
  { handle, workflowId, runId, options }: Waiting,
): OnWaiting {
  return async (status, over) => {
    showEvidence(context, status);
    showHow(context, { workflowId, runId }, session.place);
    const { evidence, approval } = status;
    if (!evidence || !approval) return;
    const barred = requesterBarredBecause(approval.policy);
    const mayApprove = barred === undefined;
    // Only where this command took over another's restore: one that it begins is refused at its start.
    if (options.yes && !mayApprove) context.output.warn(`--yes does not count: ${barred}`);
    const isAgreed = mayApprove && (options.yes || (canAsk() && (await askForName(status, over))));
    if (over.aborted) return;
    if (!isAgreed) {
      context.output.note(
        'waits until one of these is done; Ctrl-C ends the restore, and the target stays as it is',
      );
      return;
    }
    const reason = options.reason ?? (options.yes ? 'asked for with --yes' : 'name typed on the terminal');
    const decision = {
      kind: 'approve',
      approver: requesterName(),
      reason,
      evidence: evidence.digest,
    } as const;
    try {
      const { missing } = await sendDecision({ handle, session }, decision);
      context.output.note(missing > 0 ? `approved; ${missing} more must approve` : 'approved');
    } catch (error) {
      // The run goes on waiting, or has ended meanwhile: its own end tells.
      context.output.warn(messageOf(error));
    }
  };
}
