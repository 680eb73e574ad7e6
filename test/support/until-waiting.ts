import type { Client } from '@temporalio/client';
import { vi } from 'vitest';
import { waitingRuns } from '../../src/cli/approval/waiting-runs.js';
import { type DecidableStatus, decidingStep } from '../../src/domain/approval/contracts.js';

/**
 * Resolves when a restore or recovery waits for people, with what it shows them. `holdfast approvals` lists it before,
 * as one whose worker does not answer yet, and may be asked once this has resolved.
 */
export async function untilWaiting(client: Client, target: string): Promise<DecidableStatus> {
  const found = async () => {
    const runs = await waitingRuns({ client });
    const status = runs.find((run) => run.status?.target === target)?.status;
    return status?.step === decidingStep && status;
  };
  return vi.waitUntil(found, { timeout: 150_000, interval: 200 });
}
