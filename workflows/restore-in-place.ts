import type { ApplicationFailure } from '@temporalio/workflow';
import type { DropTargetStep } from '../activities/in-place.js';
import type { Activities } from '../activities/index.js';
import { failureMessage, failureOf, failureType } from './failures.js';

/** Drops the target, or finds it dropped by an attempt that seemed to fail. */
export async function dropApproved(
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
export function failedAfterDrop(error: unknown, target: string, leftAs: string | null): ApplicationFailure {
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
