import { isAbsolute, resolve } from 'node:path';
import type { DecidableStatus } from '../../domain/approval/contracts.js';
import { statusQuery } from '../../domain/contracts.js';
import { HoldfastError, messageOf } from '../../domain/errors.js';
import { type RecoveryResult, recoveryWorkflowId } from '../../domain/recovery/contracts.js';
import { type RestoreResult, restoreWorkflowId } from '../../domain/restore/contracts.js';
import { errorOfWorkflow } from '../../temporal/failure.js';
import { canAsk } from '../ask-to-type.js';
import type { CommandContext } from '../context.js';
import { requesterName } from '../operation/requester.js';
import { printable } from '../output/format.js';
import { printRecovery } from '../recovery/summary.js';
import { printRestore } from '../restore/summary.js';
import { askForName, type DecisionRequest, sendDecision, showEvidence } from './decide.js';
import { openRunning, type RunningWorkflow } from './running.js';
import { watchDecidable } from './watch-decidable.js';

export interface DecideOptions {
  cluster: string;
  reason?: string;
  evidence?: string;
  yes?: boolean;
}

/** `holdfast approve ID`: agrees to what the evidence shows. */
export function approveCommand(context: CommandContext, id: string, options: DecideOptions): Promise<number> {
  return decideOn(context, 'approve', id, options);
}

/** `holdfast reject ID`: ends a restore that waits for approval. */
export function rejectCommand(context: CommandContext, id: string, options: DecideOptions): Promise<number> {
  return decideOn(context, 'reject', id, options);
}

async function decideOn(
  context: CommandContext,
  kind: DecisionRequest['kind'],
  id: string,
  options: DecideOptions,
): Promise<number> {
  const workflowId = idOf(id, options.cluster);
  const attempted = `${kind} ${printable(workflowId)}`;
  const running = await openRunning(context, workflowId, attempted, options.cluster);
  try {
    if (!running.isOpen) throw refused(attempted, `it is over: ${await endOf(running)}`);
    const status = await running.handle.query<DecidableStatus>(statusQuery);
    if (!status.evidence || !status.approval)
      throw refused(attempted, `it waits for nobody yet: ${status.step}`);
    const evidence = fullDigest(options.evidence, status.evidence.digest);
    if (evidence !== status.evidence.digest || options.evidence === undefined) showEvidence(context, status);
    if (kind === 'approve' && !options.yes && canAsk() && !(await askForName(status, never)))
      throw refused(attempted, 'the name was not typed');
    const approver = requesterName();
    const answer = await sendDecision(running, { kind, approver, reason: options.reason ?? '', evidence });
    if (context.output.json) context.output.printJson({ workflowId, ...answer });
    else context.output.success(`${kind === 'approve' ? 'approved' : 'rejected'} ${printable(workflowId)}`);
    if (answer.missing > 0) context.output.note(`${answer.missing} more must approve`);
    if (answer.outcome === 'approved') await follow(context, running, workflowId, attempted);
    else await finishHere(context, running, attempted);
    return 0;
  } finally {
    await running.session.close();
  }
}

/** The workflow's id, a database's name, or the full path of a data directory. */
function idOf(id: string, cluster: string): string {
  if (id.startsWith('restore/') || isRecovery(id)) return id;
  return isAbsolute(id) ? recoveryWorkflowId(cluster, resolve(id)) : restoreWorkflowId(cluster, id);
}

function isRecovery(workflowId: string): boolean {
  return workflowId.startsWith('recover/');
}

/** Enough of a digest that no other evidence begins so by accident. */
const leastDigest = 12;

/** The digest that is meant: what `approvals` shows is its beginning, and somebody who gives it has seen the evidence. */
function fullDigest(given: string | undefined, shown: string): string {
  if (given === undefined) return shown;
  return given.length >= leastDigest && shown.startsWith(given.toLowerCase()) ? shown : given;
}

const never = new AbortController().signal;

/** Waits for what was agreed to, the last approval being given: whoever approves is to see that it went well. */
async function follow(
  context: CommandContext,
  { worksHere, session, handle }: RunningWorkflow,
  workflowId: string,
  attempted: string,
): Promise<void> {
  if (!worksHere) context.output.note('waits for its end; Ctrl-C leaves it to go on');
  const result = await watchDecidable<unknown>(context, session, handle, attempted, { leaves: !worksHere });
  // There is one document already.
  if (context.output.json) return;
  if (isRecovery(workflowId)) printRecovery(context.output, result as RecoveryResult);
  else printRestore(context, result as RestoreResult);
}

/** The command that began the run is gone: what remains of it is done here. Its own end is not this command's. */
async function finishHere(
  context: CommandContext,
  { worksHere, session, handle }: RunningWorkflow,
  attempted: string,
): Promise<void> {
  if (!worksHere) return;
  try {
    await watchDecidable(context, session, handle, attempted);
  } catch (error) {
    context.output.warn(messageOf(error));
  }
}

/** How a run ended, in words. */
async function endOf({ handle }: RunningWorkflow): Promise<string> {
  return handle.result().then(
    () => 'it has succeeded',
    (error: unknown) => messageOf(errorOfWorkflow(error, 'it')),
  );
}

function refused(attempted: string, cause: string): HoldfastError {
  const remedy = '`holdfast approvals` shows what waits.';
  return new HoldfastError('ApprovalRefused', { attempted, cause, remedy });
}
