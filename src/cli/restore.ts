import type { ClusterConfig } from '../config/config.js';
import { clusterFingerprint } from '../config/fingerprint.js';
import { requesterBarredBecause } from '../domain/approval.js';
import { workflowTypes } from '../domain/contracts.js';
import { type BackupReference, type RestoreInput, restoreWorkflowId } from '../domain/restore-contracts.js';
import { startOperation } from '../temporal/start-operation.js';
import { type CommandContext, clusterNamed } from './context.js';
import { listCommand } from './list.js';
import { printable } from './output/format.js';
import { asksForRecovery, type RecoveryArguments } from './recovery-arguments.js';
import { requesterName } from './requester.js';
import { askForName, canAsk, sendDecision, showEvidence, showHow } from './restore-approval.js';
import { whatToRestore } from './restore-arguments.js';
import { previewRestore } from './restore-preview.js';
import { printRestore } from './restore-summary.js';
import { type OnWaiting, watchRestore } from './restore-watch.js';
import { openSession, type Session } from './session.js';

export interface RestoreOptions extends RecoveryArguments {
  cluster: string;
  latest?: boolean;
  from?: string;
  list?: boolean;
  preview?: boolean;
  yes?: boolean;
  reason?: string;
  /** Hours. */
  keepPrevious: number;
  allowUnverified?: boolean;
  globals?: boolean;
  inPlace?: boolean;
  detach?: boolean;
}

/** `holdfast restore BACKUP TARGET`, `restore --latest TARGET`, `restore --list`. */
export async function restoreCommand(
  context: CommandContext,
  first: string | undefined,
  second: string | undefined,
  options: RestoreOptions,
): Promise<number> {
  if (asksForRecovery(options))
    return (await import('./recover.js')).recoverCommand(context, first ?? options.cluster, options);
  if (options.list) return listCommand(context, first, { cluster: options.cluster });
  const { backup, target } = whatToRestore(first, second, options);
  const cluster = clusterNamed(context.config, options.cluster);
  if (options.preview)
    return previewRestore(context, cluster, {
      ...{ backup, target, createRoles: options.globals === true, inPlace: options.inPlace === true },
    });
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    return await restore(
      context,
      session,
      cluster,
      inputOf(context, session, cluster, { backup, target, options }),
      options,
    );
  } finally {
    await session.close();
  }
}

async function restore(
  context: CommandContext,
  session: Session,
  cluster: ClusterConfig,
  input: RestoreInput,
  options: RestoreOptions,
): Promise<number> {
  const { output } = context;
  const summary = `restore of ${printable(input.target)}`;
  const workflowId = restoreWorkflowId(cluster.name, input.target);
  const start = { type: workflowTypes.restoreDatabase, workflowId, queues: session.queues, input, summary };
  const started = await startOperation(session.place.client, start);
  await session.work();
  if (options.detach) {
    if (output.json) output.printJson({ workflow_id: workflowId, run_id: started.runId });
    else output.print(`${workflowId} (run ${started.runId})`);
    return 0;
  }
  if (started.adopted) output.note(`resuming ${summary}, begun by a command that is gone`);
  const { handle, runId } = started;
  const onWaiting = decideHere(context, session, { handle, workflowId, runId, options });
  printRestore(context, await watchRestore(context, session, handle, summary, onWaiting));
  return 0;
}

interface Waiting {
  handle: Parameters<typeof watchRestore>[2];
  workflowId: string;
  runId: string;
  options: RestoreOptions;
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
        'waits for an approval from elsewhere; Ctrl-C ends it, and the database stays as it is',
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
      // The restore goes on waiting, or has ended meanwhile: its own end tells.
      context.output.warn(error instanceof Error ? error.message : String(error));
    }
  };
}

function inputOf(
  { config }: CommandContext,
  session: Session,
  cluster: ClusterConfig,
  { backup, target, options }: { backup: BackupReference; target: string; options: RestoreOptions },
): RestoreInput {
  return {
    ...{ cluster: cluster.name, target, backup },
    hostQueue: session.queues.host,
    requester: requesterName(),
    reason: options.reason ?? '',
    stallTimeoutSeconds: cluster.stallTimeoutSeconds,
    keepPreviousMinutes: options.keepPrevious * 60,
    approveAsRequester: options.yes === true,
    createRoles: options.globals === true,
    inPlace: options.inPlace === true,
    // On another host the same server and repository may well have other paths and names.
    ...(cluster.host === config.host && { place: clusterFingerprint(cluster) }),
  };
}
