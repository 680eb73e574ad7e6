import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { hostQueue } from '../../src/domain/contracts.js';
import { hasLivePoller } from '../../src/temporal/task-queues.js';
import { createWorkplace, type RunningCommand, type Workplace } from './holdfast.js';
import { patience } from './patience.js';
import { startTemporal, type TemporalServer } from './temporal.js';

export interface ServedWorkplace extends Workplace {
  readonly temporal: TemporalServer;
  readonly worker: RunningCommand;
}

let served = 0;

/**
 * A {@link Workplace} with a Temporal server and a `holdfast worker` of its own: its commands need not start them.
 * `settingsFile` is the text of a holdfast.yaml in its folder.
 */
export async function createServedWorkplace(
  env: Record<string, string>,
  settingsFile?: string,
): Promise<ServedWorkplace> {
  const temporal = await startTemporal();
  const host = `served-${process.pid}-${++served}`;
  const place = await createWorkplace({ ...env, ...temporal.env, HOLDFAST_HOST: host });
  if (settingsFile !== undefined) await writeFile(join(place.folder, 'holdfast.yaml'), settingsFile);
  const dispose = async () => {
    await place[Symbol.asyncDispose]();
    await temporal[Symbol.asyncDispose]();
  };
  const worker = place.start(['worker']);
  try {
    const isServed = async () => {
      if (worker.exitCode !== null) throw new Error(`the worker ended: ${(await worker).stderr}`);
      return hasLivePoller(temporal.client, hostQueue(host));
    };
    await vi.waitUntil(isServed, patience);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { ...place, temporal, worker, [Symbol.asyncDispose]: dispose };
}
