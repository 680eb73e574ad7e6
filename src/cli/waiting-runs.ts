import { type DecidableStatus, decidingStep } from '../domain/approval-contracts.js';
import { workflowTypes } from '../domain/contracts.js';
import type { TemporalPlace } from '../temporal/connection.js';

/** A restore or recovery that waits for people; the status is null when no worker answers. */
export interface WaitingRun {
  workflow_id: string;
  status: DecidableStatus | null;
}

const answerWithinMs = 5_000;

/** More than people will decide on. */
const askAtMost = 200;

/** The restores and recoveries that wait for people. One whose worker does not answer may, too: better shown than hidden. */
export async function waitingRuns({ client }: Pick<TemporalPlace, 'client'>): Promise<WaitingRun[]> {
  const { restoreDatabase, pointInTimeRecovery } = workflowTypes;
  const query = `WorkflowType IN ('${restoreDatabase}', '${pointInTimeRecovery}') AND ExecutionStatus = 'Running'`;
  const asked: Promise<WaitingRun>[] = [];
  const until = Date.now() + answerWithinMs;
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: askAtMost })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const status = client.withDeadline(until, () => handle.query<DecidableStatus>('status'));
    asked.push(status.catch(() => null).then((answer) => ({ workflow_id: workflowId, status: answer })));
    if (asked.length === askAtMost) break;
  }
  return (await Promise.all(asked)).filter(({ status }) => status === null || status.step === decidingStep);
}
