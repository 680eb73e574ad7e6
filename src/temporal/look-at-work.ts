import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { searchAttributeNames, workflowTypes } from '../domain/contracts.js';
import { eachOf } from './each-of.js';
import { attributeOf } from './search-attributes.js';
import { type OperationSight, sightsOf } from './watch-operation.js';

/** A workflow of Holdfast's, as Temporal lists it. */
export interface ListedOperation {
  workflowId: string;
  runId: string;
  /** Of {@link workflowTypes}. */
  type: string;
  cluster: string;
  /** Empty for what is about a whole cluster. */
  database: string;
  /** ISO 8601, UTC. */
  startedAt: string;
}

/** One that runs, and what its steps tell. */
export interface RunningOperation extends ListedOperation {
  steps: OperationSight[];
}

/** One that has ended. */
export interface EndedOperation extends ListedOperation {
  endedAt: string;
  /** `succeeded`, `failed`, `cancelled`, `rejected`, `terminated`, `timed out`. */
  outcome: string;
}

const [clusterName, databaseName, , outcomeName] = searchAttributeNames;

/** The newest `limit` operations that run, with what each step of theirs tells. */
export async function runningOperations(client: Client, limit: number): Promise<RunningOperation[]> {
  const types = Object.values(workflowTypes)
    .filter((type) => type !== workflowTypes.deliverAlert && type !== workflowTypes.scheduledRun)
    .map((type) => `'${type}'`);
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${types.join(', ')})`;
  const listed = (await newest(client, query, limit)).map(operationOf);
  return eachOf(listed, async (operation) => ({
    ...operation,
    steps: await sightsOf(client, operation.workflowId),
  }));
}

/** How many ended runs of a kind are looked at: what was last done to each of so many databases is found among them. */
const endedPerType = { [workflowTypes.fullBackup]: 1_000 } as Record<string, number>;
const endedOfOthers = 100;

/** About other operations, not operations themselves: a schedule's run does its work in a child. */
const secondary: ReadonlySet<string> = new Set([
  workflowTypes.deliverAlert,
  workflowTypes.keepPrevious,
  workflowTypes.scheduledRun,
]);

/** The last end of each kind of operation on each cluster and database, newest first, among a bounded number of runs. */
export async function lastOutcomes(client: Client): Promise<EndedOperation[]> {
  const last = new Map<string, EndedOperation>();
  for (const type of Object.values(workflowTypes).filter((each) => !secondary.has(each))) {
    const query = `WorkflowType = '${type}' AND ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'`;
    for (const info of await newest(client, query, endedPerType[type] ?? endedOfOthers)) {
      const ended = { ...operationOf(info), endedAt: (info.closeTime ?? info.startTime).toISOString() };
      const key = JSON.stringify([type, ended.cluster, ended.database]);
      const known = last.get(key);
      if (!known || known.endedAt < ended.endedAt) last.set(key, { ...ended, outcome: outcomeOf(info) });
    }
  }
  return [...last.values()].sort((a, b) => b.endedAt.localeCompare(a.endedAt));
}

async function newest(client: Client, query: string, limit: number): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of client.workflow.list({ query, pageSize: limit })) {
    if (found.push(info) === limit) break;
  }
  return found;
}

function operationOf(info: WorkflowExecutionInfo): ListedOperation {
  const { workflowId, runId, type, startTime } = info;
  const cluster = attributeOf(info, clusterName);
  return {
    ...{ workflowId, runId, type, startedAt: startTime.toISOString() },
    // Before its first step a run has no attributes yet; its id says the same.
    cluster: cluster || (workflowId.split('/')[1] ?? ''),
    database: attributeOf(info, databaseName),
  };
}

/** One that was ended from outside could not note how. */
function outcomeOf(info: WorkflowExecutionInfo): string {
  const noted = attributeOf(info, outcomeName);
  if (noted && noted !== 'running') return noted;
  const words: Record<string, string> = { COMPLETED: 'succeeded', TIMED_OUT: 'timed out' };
  return words[info.status.name] ?? info.status.name.toLowerCase();
}
