import type { DecidableStatus } from '../../domain/approval/contracts.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { mayWait, runningDecidables } from '../../temporal/running-decidables.js';

/** A restore or recovery that waits for people; the status is null when no worker answers. */
export interface WaitingRun {
  workflowId: string;
  status: DecidableStatus | null;
}

const answerWithinMs = 5_000;

/** The restores and recoveries that wait for people. */
export async function waitingRuns({ client }: Pick<TemporalPlace, 'client'>): Promise<WaitingRun[]> {
  const running = await runningDecidables(client, answerWithinMs);
  return running.filter(mayWait).map(({ workflowId, status }) => ({ workflowId, status }));
}
