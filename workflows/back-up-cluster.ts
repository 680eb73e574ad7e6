import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ContinueAsNew,
  defineQuery,
  executeChild,
  isCancellation,
  log,
  ParentClosePolicy,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  BackUpClusterInput,
  BackUpClusterResult,
  ClusterBackupEntry,
  ClusterBackupStatus,
} from '../src/domain/backup/cluster-contracts.js';
import { fullBackupWorkflowId } from '../src/domain/backup/contracts.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import { alert, recordFailure } from './alerts.js';
import { ClusterBackupJournal } from './cluster-backup/journal.js';
import { alertOfBackups } from './cluster-backup/telling.js';
import { failureMessage, failureType } from './failures.js';
import { fullBackup } from './full-backup.js';
import { goOnAsNew } from './go-on.js';
import { hostSteps } from './host-steps.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const clusterBackupStatusQuery = defineQuery<ClusterBackupStatus>(statusQueryName);

/** Some five thousand events: after them a new run takes over, once the backups that run have ended. */
const defaultDatabasesPerRun = 500;
/** Entries that go into one message. */
const recordedAtOnce = 50;
const longestError = 300;

/** Backs up every database of a cluster, a few at a time; one that fails does not stop the rest. */
export async function backUpCluster(input: BackUpClusterInput): Promise<BackUpClusterResult> {
  const { cluster, hostQueue } = input;
  upsertSearchAttributes(startAttributes('back-up-cluster', cluster));
  const run = new ClusterBackup(input);
  try {
    const result = await run.backUp();
    upsertSearchAttributes([outcomeAttribute(result.failed === 0 ? 'succeeded' : 'failed')]);
    return result;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await recordFailure(error, { type: 'backup_failed', cluster, database: '', hostQueue });
    throw error;
  }
}

/** One run of a cluster's backup, which another goes on with where there are many databases. */
class ClusterBackup {
  readonly #steps;
  readonly #journal: ClusterBackupJournal;

  constructor(readonly input: BackUpClusterInput) {
    this.#steps = hostSteps(input);
    const { runId, startTime } = workflowInfo();
    this.#journal = new ClusterBackupJournal(input, { runId, startedAt: startTime.toISOString() });
    setHandler(clusterBackupStatusQuery, () => this.#journal.status);
  }

  async backUp(): Promise<BackUpClusterResult> {
    const { cluster, place, include, exclude, carried } = this.input;
    const found = await this.#steps.contact.discoverDatabases({
      ...{ cluster, after: carried?.after ?? null },
      limit: this.input.databasesPerRun ?? defaultDatabasesPerRun,
      ...(include && { include }),
      ...(exclude && { exclude }),
      ...(place !== undefined && { place }),
    });
    const { databases, more, parallel, leftOut = [], leftOutCount = 0 } = found;
    this.#journal.expect(databases.length + more);
    const waiting = [...databases];
    try {
      const turns = Array.from({ length: this.input.parallel ?? parallel }, () => this.#takeTurns(waiting));
      await Promise.all(turns);
    } finally {
      await CancellationScope.nonCancellable(() => this.#record());
    }
    if (more > 0 || waiting.length > 0)
      return goOnAsNew<typeof backUpCluster>({ ...this.input, carried: this.#journal.carried });
    const result = { ...this.#journal.result, leftOut, leftOutCount };
    await alert(alertOfBackups(cluster, result));
    return result;
  }

  async #takeTurns(waiting: string[]): Promise<void> {
    while (!workflowInfo().continueAsNewSuggested) {
      const database = waiting.shift();
      if (database === undefined) return;
      this.#journal.begin(database);
      this.#journal.end(await this.#backUpOne(database));
      if (this.#journal.unrecorded.length >= recordedAtOnce) await this.#record();
    }
  }

  async #backUpOne(database: string): Promise<ClusterBackupEntry> {
    const { parallel, include, exclude, databasesPerRun, carried, ...rest } = this.input;
    const workflowId = fullBackupWorkflowId(this.input.cluster, database);
    try {
      const { backup } = await executeChild(fullBackup, {
        workflowId,
        args: [{ ...rest, database, isOneOfMany: true }],
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `full backup of ${database}`,
      });
      return { database, backupId: backup.id, sizeBytes: backup.sizeBytes };
    } catch (error) {
      // Who cancels one database's backup does not mean the others.
      if (CancellationScope.current().consideredCancelled) throw error;
      if (isCancellation(error))
        return { database, error: { type: 'Cancelled', message: 'somebody cancelled its backup' } };
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        const message = `its backup is running already, or ending, as workflow ${workflowId}`;
        return { database, error: { type: 'AlreadyRunning', message } };
      }
      const type = failureType(error);
      const message = failureMessage(error, this.input.hostQueue).slice(0, longestError);
      return { database, error: { type, message } };
    }
  }

  /** A report that can't be written makes no backup a failed one. */
  async #record(): Promise<void> {
    const entries = this.#journal.takeUnrecorded();
    if (entries.length === 0) return;
    const { cluster, requester } = this.input;
    const { startedAt, runId: firstRunId, done, failed, sizeBytes } = this.#journal.carried;
    try {
      const head = { requester, done, failed, sizeBytes };
      this.#journal.carried.reportPath = await this.#steps.quick.recordBackups({
        ...{ cluster, startedAt, firstRunId, head, entries },
      });
    } catch (error) {
      log.warn(`the report could not be written: ${failureMessage(error)}`);
    }
  }
}
