import { CancellationScope, CancelledFailure, continueAsNew, type Workflow } from '@temporalio/workflow';

/**
 * Has a new run go on with the work. A run that was cancelled while it did what is never cancelled ends here instead: the
 * new one would not hear of it.
 */
export async function goOnAsNew<Run extends Workflow>(...args: Parameters<Run>): Promise<never> {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
  return continueAsNew<Run>(...args);
}
