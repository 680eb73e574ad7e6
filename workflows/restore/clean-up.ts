import { log } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import type { RestoreStepInput } from '../../activities/restore/step.js';
import { failureMessage } from '../failures.js';
import type { RestoreTrail } from './run.js';

/** Drops what was staged, unless it has become the target, and removes what steps handed to one another. */
export async function cleanUpRestore(
  { dropStaging, cleanUpPartials }: Pick<Activities, 'dropStaging' | 'cleanUpPartials'>,
  step: RestoreStepInput,
  { isStaged, readPath }: RestoreTrail,
): Promise<void> {
  const { cluster } = step;
  try {
    if (isStaged) await dropStaging(step);
  } catch (error) {
    log.warn('the staging database could not be dropped', { cause: failureMessage(error) });
  }
  try {
    await cleanUpPartials({ cluster, ...(readPath !== undefined && { read: readPath }) });
  } catch (error) {
    // The next run of the same host removes what is left.
    log.warn('partial files could not be removed', { cause: failureMessage(error) });
  }
}
