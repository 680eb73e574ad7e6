import type { ClusterConfig } from '../../config/config.js';
import { workflowTypes } from '../../domain/contracts.js';
import {
  type BackupReference,
  type RestoreInput,
  type RestoreResult,
  restoreWorkflowId,
} from '../../domain/restore/contracts.js';
import { runDecidable } from '../approval/run-decidable.js';
import { listCommand } from '../catalogue/list.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { commonInput, refuseUnmetHere } from '../operation/run.js';
import { openSession, type Session } from '../operation/session.js';
import { printable } from '../output/format.js';
import { asksForRecovery, type RecoveryArguments } from '../recovery/arguments.js';
import { type RestoreArguments, whatToRestore } from './arguments.js';
import { previewRestore } from './preview.js';
import { printRestore } from './summary.js';

export interface RestoreOptions extends RecoveryArguments, RestoreArguments {
  cluster: string;
  list?: boolean;
  preview?: boolean;
  yes?: boolean;
  reason?: string;
  /** Hours. */
  keepPrevious: number;
  globals?: boolean;
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
    return (await import('../recovery/recover.js')).recoverCommand(
      context,
      first ?? options.cluster,
      options,
    );
  if (options.list) return listCommand(context, first, { cluster: options.cluster });
  const { backup, target } = whatToRestore(first, second, options);
  const cluster = clusterNamed(context.config, options.cluster);
  if (options.preview)
    return previewRestore(context, cluster, {
      ...{ backup, target, createRoles: options.globals === true, inPlace: options.inPlace === true },
    });
  refuseUnmetHere(context, cluster);
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    const input = inputOf(context, session, cluster, { backup, target, options });
    const summary = `restore of ${printable(target)}`;
    const workflowId = restoreWorkflowId(cluster.name, target);
    const start = { type: workflowTypes.restoreDatabase, workflowId, queues: session.queues, input, summary };
    const result = await runDecidable<RestoreResult>(context, session, start, options);
    if (result) printRestore(context, result);
    return 0;
  } finally {
    await session.close();
  }
}

function inputOf(
  context: CommandContext,
  session: Session,
  cluster: ClusterConfig,
  { backup, target, options }: { backup: BackupReference; target: string; options: RestoreOptions },
): RestoreInput {
  return {
    ...commonInput(context, session, cluster),
    ...{ target, backup },
    reason: options.reason ?? '',
    keepPreviousMinutes: options.keepPrevious * 60,
    approveAsRequester: options.yes === true,
    createRoles: options.globals === true,
    inPlace: options.inPlace === true,
  };
}
