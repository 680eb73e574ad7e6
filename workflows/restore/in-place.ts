import { type ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { DropTargetStep } from '../../activities/in-place.js';
import type { Activities } from '../../activities/index.js';
import { refused } from '../await-approval.js';
import { failureMessage, failureOf, failureType } from '../failures.js';
import { attemptedOn, awaitRestoreApproval } from './approval.js';
import type { Prepared } from './prepare.js';
import { loadAndProve, recheckArtifact } from './prove.js';
import type { RestoreRun } from './run.js';
import { type Replacement, swapApproved } from './swap.js';

type Evidence = Replacement['evidence'];

/** No room for two: the target is dropped once everything that can be is proven, and people agreed to lose it. */
export async function replaceInPlace(run: RestoreRun, prepared: Prepared): Promise<Replacement> {
  const { step, inspected, stagingOid } = prepared;
  const { steps, journal } = run;
  const staging = { name: inspected.stagingName, oid: stagingOid };
  const { evidence, approved } = await approvedToDrop(run, prepared, staging);

  journal.enter('drop target');
  await recheckArtifact(run, prepared);
  // From the drop on, nobody is served by stopping.
  return CancellationScope.nonCancellable(async () => {
    const dropped = await dropApproved(steps.transfer, steps.quick, { ...step, staging, approved });
    try {
      return await loadInPlace(run, prepared, { evidence, target: approved.name, dropped });
    } catch (error) {
      throw failedAfterDrop(error, approved.name, run.trail.isStaged ? null : inspected.stagingName);
    }
  });
}

/** Shows what there is to show before the backup is loaded, and waits for people to agree. */
async function approvedToDrop(
  run: RestoreRun,
  prepared: Prepared,
  staging: DropTargetStep['staging'],
): Promise<{ evidence: Evidence; approved: DropTargetStep['approved'] }> {
  const { step, artifact, inspected, warnings } = prepared;
  const { space, rolesToCreate: createdRoles } = inspected;
  const { digest, markdown, path, target } = await run.steps.transfer.gatherInPlaceEvidence({
    ...{ ...step, staging, space, createdRoles, warnings },
    ...{ checksum: artifact.checksum, expectedAttempt: artifact.attempt },
  });
  run.journal.status.evidence = { digest, markdown };
  const { name, oid, ...properties } = target;
  if (oid === null)
    throw refused('RestoreRejected', attemptedOn(name), 'the target is gone since it was inspected');
  await awaitRestoreApproval(run, prepared, digest);
  return { evidence: { digest, path }, approved: { name, oid, ...properties } };
}

/** Loads and proves the backup, and gives it the name of the target that is gone. */
async function loadInPlace(
  run: RestoreRun,
  prepared: Prepared,
  { evidence, target, dropped }: { evidence: Evidence; target: string; dropped: number },
): Promise<Replacement> {
  const { staging, proof } = await loadAndProve(run, prepared);
  const approved = { name: target, oid: null, acceptsConnections: true };
  run.journal.enter('swap');
  const { previousName } = prepared.inspected;
  const { endedSessions } = await swapApproved(run.steps.quick, {
    ...{ ...prepared.step, approved, staging, previousName },
  });
  const swapped = { refusedMs: null, endedSessions: dropped + endedSessions };
  return { staging, proof, evidence, swapped, previous: null };
}

/** Drops the target, or finds it dropped by an attempt that seemed to fail. */
async function dropApproved(
  { dropTarget }: Pick<Activities, 'dropTarget'>,
  { settleDrop }: Pick<Activities, 'settleDrop'>,
  step: DropTargetStep,
): Promise<number> {
  try {
    return await dropTarget(step);
  } catch (error) {
    if ((await settleDrop(step)) === 'kept') throw error;
    return 0;
  }
}

/** How a restore ends that fails when its target is gone already: what is left is said. */
function failedAfterDrop(error: unknown, target: string, leftAs: string | null): ApplicationFailure {
  const name = JSON.stringify(target);
  return failureOf(failureType(error), {
    attempted: `restore database ${name} in place`,
    cause: `${failureMessage(error)}; the database was dropped before, and does not exist now`,
    remedy:
      leftAs === null
        ? 'Remove the cause, then restore the same backup again: it needs no approval now.'
        : `What was loaded is left as ${JSON.stringify(leftAs)}, closed: rename it to ${name} and allow connections, or drop it and restore again.`,
  });
}
