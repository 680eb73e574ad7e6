import { type Client, WorkflowFailedError } from '@temporalio/client';
import { workflowTypes } from '../../domain/contracts.js';
import { messageOf } from '../../domain/errors.js';
import { foundWrong } from '../../domain/operation/found-wrong.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { eachOf } from '../../temporal/each-of.js';
import { errorOfWorkflow } from '../../temporal/failure.js';
import {
  type EndedOperation,
  type ListedOperation,
  lastOutcomes,
  runningOperations,
} from '../../temporal/look-at-work.js';
import { type NextRun, nextRuns } from '../../temporal/next-runs.js';
import { type WaitingRun, waitingRuns } from '../approval/waiting-runs.js';
import { askClusterProgress } from '../backup/cluster-progress.js';
import { printable } from '../output/format.js';
import { operationName, stepOf } from './running-words.js';

/** What Temporal knows of the work. */
export interface WorkStatus {
  /** The newest that run, {@link runningAtMost} of them. */
  running: (ListedOperation & { operation: string; step: string })[];
  waiting: WaitingRun[];
  nextRuns: NextRun[];
  /** How each kind of operation last ended on each cluster and database. */
  lastOutcomes: (EndedOperation & { operation: string; cause: string | null })[];
}

const runningAtMost = 100;

const answerWithinMs = 5_000;

/** Of so many failures the cause is asked for. */
const causesAtMost = 20;

const toldWhy: ReadonlySet<string> = new Set(['failed', 'rejected']);

/** Looks at a bounded part of what Temporal keeps, however long its history is. */
export async function lookAtWork(place: TemporalPlace, owner: string): Promise<WorkStatus> {
  const { client } = place;
  const [running, waiting, next, ended] = await Promise.all([
    runningOperations(client, runningAtMost),
    waitingRuns(place),
    nextRuns(client, owner),
    lastOutcomes(client),
  ]);
  const failed = ended.filter(({ outcome }) => toldWhy.has(outcome)).slice(0, causesAtMost);
  const causes = new Map(
    await Promise.all(failed.map(async (end) => [end.runId, await causeOf(place, end)] as const)),
  );
  return {
    running: await eachOf(running, async ({ steps, ...listed }) => ({
      ...listed,
      operation: operationName(listed.type),
      step: stepOf({ steps }) || (await progressOf(client, listed)),
    })),
    ...{ waiting, nextRuns: next },
    lastOutcomes: ended.map((end) => ({
      ...end,
      operation: operationName(end.type),
      cause: causes.get(end.runId) ?? null,
    })),
  };
}

/** What one that has no step of its own tells: a backup of every database works by its children. */
async function progressOf(client: Client, { type, workflowId, runId }: ListedOperation): Promise<string> {
  if (type !== workflowTypes.backUpCluster) return '';
  const ask = () => askClusterProgress(client.workflow.getHandle(workflowId, runId));
  // No worker answers, or it has just ended.
  const told = await client.withDeadline(Date.now() + answerWithinMs, ask).catch(() => undefined);
  return printable(told ?? '');
}

/** A run may have failed, or have come to its end and found something wrong. */
async function causeOf({ client }: TemporalPlace, { workflowId, runId, type }: EndedOperation) {
  try {
    const ended = client.workflow.getHandle(workflowId, runId, { followRuns: false });
    return foundWrong(type, await ended.result());
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) return null;
    const told = errorOfWorkflow(error, operationName(type));
    return messageOf(told);
  }
}
