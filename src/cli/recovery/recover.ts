import { workflowTypes } from '../../domain/contracts.js';
import {
  type RecoveryInput,
  type RecoveryResult,
  recoveryWorkflowId,
} from '../../domain/recovery/contracts.js';
import { describeTarget } from '../../domain/recovery/target.js';
import { type DecidableOptions, runDecidable } from '../approval/run-decidable.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { commonInput } from '../operation/run.js';
import { openSession } from '../operation/session.js';
import { printable } from '../output/format.js';
import {
  type DatabaseArguments,
  type RecoveryArguments,
  refuseOfDatabases,
  whatToRecover,
} from './arguments.js';
import { previewRecovery } from './preview.js';
import { printRecovery } from './summary.js';

export interface RecoverOptions extends RecoveryArguments, DecidableOptions, DatabaseArguments {
  preview?: boolean;
}

/** `holdfast restore --target-time T --data-dir DIR [CLUSTER]`: a whole cluster as it was at a point in time. */
export async function recoverCommand(
  context: CommandContext,
  clusterName: string,
  options: RecoverOptions,
): Promise<number> {
  refuseOfDatabases(options);
  const wish = whatToRecover(options);
  const cluster = clusterNamed(context.config, clusterName);
  if (options.preview) return previewRecovery(context, cluster, wish);
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    const input: RecoveryInput = {
      ...commonInput(context, session, cluster),
      ...wish,
      reason: options.reason ?? '',
      approveAsRequester: options.yes === true,
    };
    const summary = `recovery of ${printable(cluster.name)} to ${printable(describeTarget(wish.target))}`;
    const workflowId = recoveryWorkflowId(cluster.name, wish.dataDir);
    const type = workflowTypes.pointInTimeRecovery;
    const start = { type, workflowId, queues: session.queues, input, summary };
    const result = await runDecidable<RecoveryResult>(context, session, start, options);
    if (result) printRecovery(context.output, result);
    return 0;
  } finally {
    await session.close();
  }
}
