import { CancellationScope } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import type { SwapStep } from '../../activities/swap.js';
import { awaitRestoreApproval } from './approval.js';
import type { Prepared } from './prepare.js';
import { loadAndProve, type ProvenStaging, recheckArtifact } from './prove.js';
import type { RestoreRun } from './run.js';

type Swapped = Awaited<ReturnType<Activities['swapDatabases']>>;

/** A target that was replaced. */
export interface Replacement extends ProvenStaging {
  evidence: { digest: string; path: string };
  swapped: Pick<Swapped, 'refusedMs' | 'endedSessions'>;
  /** Null where the target did not exist, or was dropped. */
  previous: { name: string; oid: number } | null;
}

/** The target serves until a proven and approved database takes its name. */
export async function replaceBySwap(run: RestoreRun, prepared: Prepared): Promise<Replacement> {
  const { previousName } = prepared.inspected;
  const { staging, proof } = await loadAndProve(run, prepared);
  const { digest, markdown, path, target: approved } = proof;
  run.journal.status.evidence = { digest, markdown };
  if (approved.oid !== null) await awaitRestoreApproval(run, prepared, digest);

  run.journal.enter('swap');
  await recheckArtifact(run, prepared);
  const swapped = await swapApproved(run.steps.quick, { ...prepared.step, approved, staging, previousName });
  run.trail.isStaged = false;
  const previous = approved.oid === null ? null : { name: previousName, oid: approved.oid };
  return { staging, proof, evidence: { digest, path }, swapped, previous };
}

/** Swaps what was approved. Once begun, that is finished or undone whoever cancels: it takes milliseconds. */
export async function swapApproved(
  { swapDatabases, settleSwap }: Pick<Activities, 'swapDatabases' | 'settleSwap'>,
  step: SwapStep,
): Promise<Swapped> {
  return CancellationScope.nonCancellable(async () => {
    try {
      return await swapDatabases(step);
    } catch (error) {
      if ((await settleSwap(step)) === 'undone') throw error;
      return { refusedMs: null, endedSessions: 0, attempts: 0 };
    }
  });
}
