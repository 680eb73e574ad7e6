import type { Client } from '@temporalio/client';
import { type DecidableStatus, decidingStep } from '../domain/approval/contracts.js';
import { searchAttributeNames, statusQuery, workflowTypes } from '../domain/contracts.js';
import { attributeOf } from './search-attributes.js';

/** A restore or recovery that runs; the status is null when no worker answers. */
export interface RunningDecidable {
  workflowId: string;
  operation: string;
  cluster: string;
  status: DecidableStatus | null;
}

/** More than people will decide on. */
const askAtMost = 200;

const [clusterName, , operationName] = searchAttributeNames;

/** The restores and recoveries that run; each is asked, and given `answerWithinMs` to answer. */
export async function runningDecidables(client: Client, answerWithinMs: number): Promise<RunningDecidable[]> {
  const { restoreDatabase, pointInTimeRecovery } = workflowTypes;
  const query = `WorkflowType IN ('${restoreDatabase}', '${pointInTimeRecovery}') AND ExecutionStatus = 'Running'`;
  const asked: Promise<RunningDecidable>[] = [];
  for await (const info of client.workflow.list({ query, pageSize: askAtMost })) {
    const { workflowId, runId } = info;
    const ask = () => client.workflow.getHandle(workflowId, runId).query<DecidableStatus>(statusQuery);
    const answer = client.withDeadline(Date.now() + answerWithinMs, ask).catch(() => null);
    const [operation, cluster] = [attributeOf(info, operationName), attributeOf(info, clusterName)];
    asked.push(answer.then((status) => ({ workflowId, operation, cluster, status })));
    if (asked.length === askAtMost) break;
  }
  return Promise.all(asked);
}

/** One whose worker does not answer may wait, too: better shown than hidden. */
export function mayWait({ status }: RunningDecidable): boolean {
  return status === null || status.step === decidingStep;
}
