import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  log,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { SwapStep } from '../activities/swap.js';
import { type Alert, statusQuery as statusQueryName } from '../src/domain/contracts.js';
import {
  type KeptPrevious,
  keepPreviousWorkflowId,
  type RestoreInput,
  type RestoreProof,
  type RestoreResult,
  type RestoreStatus,
  type RestoreStep,
} from '../src/domain/restore-contracts.js';
import { contactOptions, quickOptions, transferOptions } from './activity-options.js';
import { Approval } from './approval.js';
import { failureMessage } from './failures.js';
import { keepPrevious } from './keep-previous.js';
import { describeRestore } from './restore-details.js';
import { recordFailure, refused, tell } from './restore-telling.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const restoreStatusQuery = defineQuery<RestoreStatus>(statusQueryName);

/** Loads a backup beside its target, proves it, waits for approval where a database is replaced, then swaps. */
export async function restoreDatabase(input: RestoreInput): Promise<RestoreResult> {
  upsertSearchAttributes(startAttributes('restore', input.cluster, input.target));
  const run = new Restore(input);
  try {
    const result = await run.restore();
    upsertSearchAttributes([outcomeAttribute('succeeded')]);
    return result;
  } catch (error) {
    await recordFailure(input, error);
    throw error;
  } finally {
    await CancellationScope.nonCancellable(async () => {
      await run.cleanUp();
      await condition(allHandlersFinished);
    });
  }
}

/** One run of a restore: what it knows so far, and the step it is in. */
class Restore {
  readonly #approval = new Approval();
  readonly #status: RestoreStatus;
  readonly #durations: RestoreResult['steps'] = [];
  readonly #startedAt = workflowInfo().startTime.toISOString();
  readonly #contact;
  readonly #quick;
  readonly #transfer;
  #enteredAt = Date.now();
  #isStaged = false;
  #readPath: string | undefined;

  constructor(readonly input: RestoreInput) {
    const { target, requester, reason, hostQueue: taskQueue, stallTimeoutSeconds } = input;
    this.#status = { step: 'resolve', target, requester, reason };
    setHandler(restoreStatusQuery, () => this.#status);
    this.#contact = proxyActivities<Activities>({ ...contactOptions, taskQueue });
    this.#quick = proxyActivities<Activities>({ ...quickOptions, taskQueue });
    this.#transfer = proxyActivities<Activities>({ ...transferOptions(stallTimeoutSeconds), taskQueue });
    this.#show();
  }

  /** The steps in order. */
  async restore(): Promise<RestoreResult> {
    const resolved = await this.#contact.resolveBackup({ ...this.#step(), backup: this.input.backup });
    // From here on `latest` is this one, whatever is published meanwhile.
    this.#readPath = resolved.path;
    const { allowUnverified } = this.input.backup;
    const step = { ...this.#step(), backup: { reference: resolved.path, allowUnverified } };

    this.#enter('verify artifact', { backupId: resolved.id });
    const artifact = await this.#transfer.verifyArtifact(step);

    this.#enter('inspect target', { tables: artifact.tables, rows: artifact.rows });
    const { approveAsRequester = false, createRoles = false } = this.input;
    const needs = { createRoles, verifiedAttempt: artifact.attempt };
    const inspected = await this.#contact.inspectTarget({ ...step, ...needs, approveAsRequester });
    const { stagingName, previousName, policy, rolesToCreate: createdRoles, space } = inspected;

    this.#enter('create staging');
    const superusers =
      createdRoles.length > 0 ? await this.#quick.createMissingRoles({ ...step, ...needs }) : [];
    this.#isStaged = true;
    const created = await this.#quick.createStagingDatabase({ ...step, stagingName });

    this.#enter('load');
    const staging = await this.#transfer.loadBackup({ ...step, stagingName, checksum: artifact.checksum });

    this.#enter('prove');
    const counted = await this.#transfer.proveStaging({ ...step, staging });
    const refusedGrants = await this.#quick.sealStagingDatabase({ ...step, staging });
    const proof = await this.#quick.gatherEvidence({
      ...step,
      ...{ staging, previousName, checksum: artifact.checksum },
      ...{ expectedAttempt: artifact.attempt, countedAttempt: counted.attempt },
      ...{ createdRoles, space },
      warnings: [...superusers, ...created.warnings, ...staging.warnings, ...refusedGrants],
    });
    this.#status.evidence = { digest: proof.digest, markdown: proof.markdown };

    if (proof.target.oid !== null) {
      await this.#quick.leaseBackup({ ...step, minutes: policy.deadlineMinutes });
      await this.#awaitApproval(policy, proof);
    }

    this.#enter('swap');
    const { path, checksum, fingerprint } = { ...artifact, path: resolved.path };
    await this.#transfer.recheckArtifact({ ...step, path, checksum, fingerprint });
    const swapped = await this.#swap({ ...step, approved: proof.target, staging, previousName });
    this.#isStaged = false;

    this.#enter('summary');
    const kept = proof.target.oid === null ? null : { name: previousName, oid: proof.target.oid };
    const previous = kept ? await this.#keep(kept, staging.oid, resolved.id) : { kept: null, warnings: [] };
    return this.#summarize({
      ...{ cluster: this.input.cluster, target: this.input.target },
      backup: { ...resolved, checksum },
      ...{ requester: this.input.requester, reason: this.input.reason },
      ...{ tables: proof.tables, rows: proof.rows, sizeBytes: proof.sizeBytes },
      ...{ assertions: proof.assertions, createdRoles },
      approval: this.#approval.view ?? null,
      previous: previous.kept,
      ...{ refusedMs: swapped.refusedMs, endedSessions: swapped.endedSessions },
      steps: this.#durations,
      warnings: [...proof.warnings, ...previous.warnings],
      evidence: { digest: proof.digest, path: proof.path },
      summaryPath: null,
    });
  }

  /** Drops what was staged, unless it has become the target, and removes what steps handed to one another. */
  async cleanUp(): Promise<void> {
    const { cluster } = this.input;
    try {
      if (this.#isStaged) await this.#quick.dropStaging(this.#step());
    } catch (error) {
      log.warn('the staging database could not be dropped', { cause: failureMessage(error) });
    }
    try {
      const read = this.#readPath;
      await this.#quick.cleanUpPartials({ cluster, ...(read !== undefined && { read }) });
    } catch (error) {
      // The next run of the same host removes what is left.
      log.warn('partial files could not be removed', { cause: failureMessage(error) });
    }
  }

  async #awaitApproval(
    policy: Parameters<Approval['wait']>[0]['policy'],
    proof: RestoreProof,
  ): Promise<void> {
    const { requester, target } = this.input;
    this.#enter('await approval');
    const words = `restore of "${target}" from ${this.#status.backupId} waits for approval`;
    await this.#tell('restore_approval', 'high', words);
    const state = await this.#approval.wait(
      { policy, requester, evidence: proof.digest, at: new Date().toISOString() },
      {
        onChange: () => this.#show(),
        onReminder: () => this.#tell('restore_approval', 'high', `${words}, still`),
      },
    );
    if (state.outcome === 'approved') return;
    const { rejection, deadline } = state;
    const cause = rejection
      ? `rejected by ${rejection.approver}: ${rejection.reason}`
      : `nobody decided until ${deadline}`;
    throw refused(rejection ? 'RestoreRejected' : 'ApprovalExpired', target, cause);
  }

  /** Once begun, the swap is finished or undone whoever cancels: it takes milliseconds. */
  async #swap(step: SwapStep) {
    return CancellationScope.nonCancellable(async () => {
      try {
        return await this.#quick.swapDatabases(step);
      } catch (error) {
        const outcome = await this.#quick.settleSwap(step);
        if (outcome === 'undone') throw error;
        return { refusedMs: null, endedSessions: 0, attempts: 0 };
      }
    });
  }

  /** What can go wrong from here on is told: the restore is done. */
  async #keep(previous: { name: string; oid: number }, restoredOid: number, backupId: string) {
    const { cluster, target, hostQueue, keepPreviousMinutes: keepMinutes, place } = this.input;
    return CancellationScope.nonCancellable(async () => {
      try {
        if (keepMinutes === 0) {
          await this.#quick.dropPrevious({ ...this.#step(), previous });
          return { kept: null, warnings: [] };
        }
        const workflowId = keepPreviousWorkflowId(cluster, previous.name);
        await startChild(keepPrevious, {
          workflowId,
          args: [
            {
              ...{ cluster, target, hostQueue, previous, restoredOid, keepMinutes, backupId },
              ...(place !== undefined && { place }),
            },
          ],
          parentClosePolicy: ParentClosePolicy.ABANDON,
          staticSummary: `keeps what ${target} was, for an undo`,
        });
        const until = new Date(Date.now() + keepMinutes * 60_000).toISOString();
        const kept: KeptPrevious = { name: previous.name, until, workflowId };
        return { kept, warnings: [] };
      } catch (error) {
        return { kept: null, warnings: [`database ${previous.name} is left: ${failureMessage(error)}`] };
      }
    });
  }

  async #summarize(result: RestoreResult): Promise<RestoreResult> {
    this.#enter('done');
    return CancellationScope.nonCancellable(async () => {
      const words = `restored "${result.target}" from ${result.backup.id}`;
      await this.#tell('restore_done', 'info', words, { rows: result.rows });
      try {
        const summaryPath = await this.#quick.writeSummary({ ...this.#step(), summary: result });
        return { ...result, summaryPath };
      } catch (error) {
        const warning = `the summary could not be written: ${failureMessage(error)}`;
        return { ...result, warnings: [...result.warnings, warning] };
      }
    });
  }

  #step() {
    const { cluster, target, place } = this.input;
    return { cluster, target, startedAt: this.#startedAt, ...(place !== undefined && { place }) };
  }

  #enter(step: RestoreStep, figures: Partial<RestoreStatus> = {}): void {
    this.#durations.push({ step: this.#status.step, durationMs: Date.now() - this.#enteredAt });
    this.#enteredAt = Date.now();
    Object.assign(this.#status, figures, { step });
    this.#show();
  }

  #show(): void {
    const { view } = this.#approval;
    if (view) this.#status.approval = view;
    setCurrentDetails(describeRestore(this.input, this.#status));
  }

  #tell(type: Alert['type'], priority: Alert['priority'], message: string, metrics: Alert['metrics'] = {}) {
    return tell(this.input, { type, priority, message, metrics });
  }
}
