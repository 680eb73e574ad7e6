import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { workflowTypes } from '../domain/contracts.js';
import { canonicalJson } from '../domain/restore/evidence.js';

/** Who asked, how and where is no part of what is to be done. */
const aside: ReadonlySet<string> = new Set([
  ...['requester', 'reason', 'approveAsRequester', 'isScheduled'],
  ...['hostQueue', 'place', 'stallTimeoutSeconds', 'databasesPerRun', 'carried'],
]);

/** Of others a run of the same id does the same: a database's backup, a cluster's WAL cycle. */
const wishedOtherwise: ReadonlySet<string> = new Set([
  workflowTypes.restoreDatabase,
  workflowTypes.pointInTimeRecovery,
  workflowTypes.drillCluster,
]);

/** Whether the run was begun to do what `input` asks for: another backup may be restored over the same target. */
export async function wasBegunFor(
  client: Client,
  run: { type: string; workflowId: string; runId: string },
  input: object,
): Promise<boolean> {
  if (!wishedOtherwise.has(run.type)) return true;
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: run.workflowId, runId: run.runId },
    maximumPageSize: 1,
  });
  const [payload] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const begun = payload ? defaultPayloadConverter.fromPayload<object>(payload) : {};
  return wishOf(begun) === wishOf(input);
}

function wishOf(input: object): string {
  return canonicalJson(Object.fromEntries(Object.entries(input).filter(([key]) => !aside.has(key))));
}
