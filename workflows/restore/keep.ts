import { CancellationScope, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import type { RestoreStepInput } from '../../activities/restore/step.js';
import type { RestoreInput } from '../../src/domain/restore/contracts.js';
import { type KeptPrevious, keepPreviousWorkflowId } from '../../src/domain/restore/keep-contracts.js';
import { failureMessage } from '../failures.js';
import { keepPrevious } from '../keep-previous.js';

export interface Replaced {
  previous: { name: string; oid: number };
  restoredOid: number;
  backupId: string;
}

/** Keeps what was replaced, or drops it at once. What goes wrong here is told: the restore is done. */
export async function keepReplaced(
  input: RestoreInput,
  step: RestoreStepInput,
  dropPrevious: Activities['dropPrevious'],
  { previous, restoredOid, backupId }: Replaced,
): Promise<{ kept: KeptPrevious | null; warnings: string[] }> {
  const { cluster, target, hostQueue, keepPreviousMinutes: keepMinutes, place } = input;
  return CancellationScope.nonCancellable(async () => {
    try {
      if (keepMinutes === 0) {
        await dropPrevious({ ...step, previous });
        return { kept: null, warnings: [] };
      }
      const workflowId = keepPreviousWorkflowId(cluster, previous.name);
      const order = { cluster, target, hostQueue, previous, restoredOid, keepMinutes, backupId };
      await startChild(keepPrevious, {
        workflowId,
        args: [{ ...order, ...(place !== undefined && { place }) }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `keeps what ${target} was, for an undo`,
      });
      const until = new Date(Date.now() + keepMinutes * 60_000).toISOString();
      return { kept: { name: previous.name, until, workflowId }, warnings: [] };
    } catch (error) {
      return { kept: null, warnings: [`database ${previous.name} is left: ${failureMessage(error)}`] };
    }
  });
}
