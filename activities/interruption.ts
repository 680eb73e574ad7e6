import { cancellationDetails, cancellationSignal } from '@temporalio/activity';

/** Who broke off the step that runs: its worker, which stops, or somebody who cancelled it; undefined: nobody did. */
export function interruption(): 'worker stops' | 'cancelled' | undefined {
  if (!cancellationSignal().aborted) return undefined;
  const details = cancellationDetails();
  if (details?.workerShutdown) return 'worker stops';
  return details?.cancelRequested ? 'cancelled' : undefined;
}
