import {
  executeChild,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import {
  type BackUpClusterInput,
  type BackUpClusterResult,
  type ClusterBackupEntry,
  fullBackupWorkflowId,
} from '../src/domain/contracts.js';
import { contactOptions } from './activity-options.js';
import { failureMessage, failureType } from './failures.js';
import { fullBackup } from './full-backup.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

/** Entries of a result: beyond them only the counts are told, so that a payload stays under 64 KiB. */
const entriesTold = 200;

/** Backs up every database of a cluster, a few at a time; one that fails does not stop the rest. */
export async function backUpCluster(input: BackUpClusterInput): Promise<BackUpClusterResult> {
  const { cluster, hostQueue: taskQueue, place } = input;
  upsertSearchAttributes(startAttributes('back-up-cluster', cluster));
  const { discoverDatabases } = proxyActivities<Activities>({ ...contactOptions, taskQueue });
  const waiting = await discoverDatabases({ cluster, ...(place && { place }) });
  const result: BackUpClusterResult = { total: waiting.length, failed: 0, entries: [] };

  const takeTurns = async () => {
    for (let database = waiting.shift(); database !== undefined; database = waiting.shift()) {
      const entry = await backUpOne(input, database);
      if (entry.error) result.failed += 1;
      if (entry.error || result.entries.length < entriesTold) result.entries.push(entry);
      setCurrentDetails(
        `${result.total - waiting.length} of ${result.total} databases begun, ${result.failed} failed`,
      );
    }
  };
  await Promise.all(Array.from({ length: input.parallel }, takeTurns));
  upsertSearchAttributes([outcomeAttribute(result.failed === 0 ? 'succeeded' : 'failed')]);
  return { ...result, entries: result.entries.slice(0, entriesTold) };
}

async function backUpOne(input: BackUpClusterInput, database: string): Promise<ClusterBackupEntry> {
  const { parallel: _, ...rest } = input;
  try {
    const done = await executeChild(fullBackup, {
      workflowId: fullBackupWorkflowId(input.cluster, database),
      args: [{ ...rest, database }],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `full backup of ${database}`,
    });
    return { database, backupId: done.backup.id, sizeBytes: done.backup.sizeBytes };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const running = error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
    const type = running ? 'AlreadyRunning' : failureType(error);
    return { database, error: { type, message: failureMessage(error).slice(0, 200) } };
  }
}
