import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../domain/errors.js';
import { findTemporal, type TemporalPlace } from '../../temporal/connection.js';
import { isServerConfigured } from '../../temporal/locate.js';
import { isOutage } from '../../temporal/outage.js';
import type { CommandContext } from '../context.js';
import { onInterrupt } from '../operation/interrupt.js';
import { type LastingOptions, type LastingServices, startServices } from './lasting-services.js';
import { startLastingWorker } from './lasting-worker.js';

interface Work {
  context: CommandContext;
  services: LastingServices;
  /** That the worker is to stop. */
  signal: AbortSignal;
}

const tryAgainMs = 5_000;

/** `holdfast worker`: works until it is told to stop; what it had begun goes on elsewhere or at its next start. */
export async function workerCommand(context: CommandContext, options: LastingOptions): Promise<number> {
  const services = await startServices(context, options);
  const stop = new AbortController();
  const stopListening = onInterrupt(() => {
    context.output.note('stopping');
    stop.abort();
  });
  try {
    await workUntilStopped({ context, services, signal: stop.signal });
    return 0;
  } finally {
    stopListening();
    await services.close();
  }
}

/** A server that the settings name is waited for, at the start and when it is lost: metrics are served meanwhile. */
async function workUntilStopped(work: Work): Promise<void> {
  const { output, temporalOptions } = work.context;
  const mayWait = isServerConfigured(temporalOptions);
  for (let options = temporalOptions; !work.signal.aborted; ) {
    try {
      const place = await findTemporal(options);
      await workAt(place, work).finally(() => place.close());
    } catch (error) {
      if (!isOutage(error) || !mayWait) throw error;
      if (work.signal.aborted) return;
      output.warn(`${messageOf(error)}; trying again`);
      await delay(tryAgainMs, undefined, { signal: work.signal }).catch(() => undefined);
    }
    const { begun: _, ...again } = options;
    options = again;
  }
}

async function workAt(place: TemporalPlace, { context, services, signal }: Work): Promise<void> {
  const { config, output } = context;
  const worker = await startLastingWorker(context, place, services);
  output.note(`working for host "${config.host}" on Temporal at ${place.address} (${place.source})`);
  if (place.uiAddress) output.note(`Web UI: ${place.uiAddress}`);
  const stop = () => void worker.stop().catch(() => undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  await worker.finished.finally(() => signal.removeEventListener('abort', stop));
}
