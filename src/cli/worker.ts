import { findTemporal } from '../temporal/connection.js';
import type { CommandContext } from './context.js';
import { onInterrupt } from './interrupt.js';
import { startLastingWorker } from './lasting-worker.js';

/** `holdfast worker`: works until it is told to stop; what it had begun goes on elsewhere or at its next start. */
export async function workerCommand(context: CommandContext): Promise<number> {
  const { config, output } = context;
  const place = await findTemporal(context.temporalOptions);
  try {
    const worker = await startLastingWorker(context, place);
    output.note(`working for host "${config.host}" on Temporal at ${place.address} (${place.source})`);
    if (place.uiAddress) output.note(`Web UI: ${place.uiAddress}`);
    const stopListening = onInterrupt(() => {
      output.note('stopping');
      void worker.stop();
    });
    await worker.finished;
    stopListening();
    return 0;
  } finally {
    await place.close();
  }
}
