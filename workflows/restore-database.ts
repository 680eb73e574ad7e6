import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { RestoreStepInput } from '../activities/restore-step.js';
import { decidingStep } from '../src/domain/approval-contracts.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import type {
  RestoreInput,
  RestoreProof,
  RestoreResult,
  RestoreStatus,
} from '../src/domain/restore-contracts.js';
import { alert, recordFailure } from './alerts.js';
import { Approval } from './approval.js';
import { awaitApproval, refused } from './await-approval.js';
import { failureMessage } from './failures.js';
import { hostSteps } from './host-steps.js';
import { cleanUpRestore } from './restore-clean-up.js';
import { dropApproved, failedAfterDrop } from './restore-in-place.js';
import { RestoreJournal } from './restore-journal.js';
import { keepReplaced } from './restore-keep.js';
import { type Prepared, prepareRestore, type RestoreTrail } from './restore-prepare.js';
import { swapApproved } from './restore-swap.js';
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
    const { cluster, target: database, hostQueue } = input;
    await recordFailure(error, { type: 'restore_done', cluster, database, hostQueue });
    throw error;
  } finally {
    await CancellationScope.nonCancellable(async () => {
      await cleanUpRestore(run.steps.quick, run.step(), run.trail);
      await condition(allHandlersFinished);
    });
  }
}

/** One run of a restore: what it knows so far, and the step it is in. */
class Restore {
  readonly #approval = new Approval();
  readonly #journal: RestoreJournal;
  readonly #startedAt = workflowInfo().startTime.toISOString();
  readonly steps;
  readonly trail: RestoreTrail = { isStaged: false };

  constructor(readonly input: RestoreInput) {
    this.steps = hostSteps(input);
    this.#journal = new RestoreJournal(input, this.#approval);
    setHandler(restoreStatusQuery, () => this.#journal.status);
    this.#journal.show();
  }

  /** The steps in order. */
  async restore(): Promise<RestoreResult> {
    const { input, steps, trail } = this;
    const prepared = await prepareRestore({ input, steps, trail, journal: this.#journal }, this.step());
    const { resolved, artifact, inspected } = prepared;
    const done = prepared.inPlace ? await this.#replaceInPlace(prepared) : await this.#replace(prepared);
    const { proof, evidence, swapped, staging } = done;

    this.#journal.enter('summary');
    const previous = done.previous
      ? await keepReplaced(this.input, this.step(), this.steps.quick.dropPrevious, {
          ...{ previous: done.previous, restoredOid: staging.oid, backupId: resolved.id },
        })
      : { kept: null, warnings: [] };
    return this.#summarize({
      ...{ cluster: this.input.cluster, target: this.input.target },
      backup: { ...resolved, checksum: artifact.checksum },
      ...{ requester: this.input.requester, reason: this.input.reason },
      ...{ tables: proof.tables, rows: proof.rows, sizeBytes: proof.sizeBytes },
      ...{ assertions: proof.assertions, createdRoles: inspected.rolesToCreate, inPlace: prepared.inPlace },
      approval: this.#approval.view ?? null,
      previous: previous.kept,
      ...{ refusedMs: swapped.refusedMs, endedSessions: swapped.endedSessions },
      steps: this.#journal.durations,
      warnings: [...proof.warnings, ...previous.warnings],
      evidence,
      summaryPath: null,
    });
  }

  /** The target serves until a proven and approved database takes its name. */
  async #replace(prepared: Prepared) {
    const { inspected } = prepared;
    const { staging, proof } = await this.#loadAndProve(prepared);
    const { digest, markdown, path } = proof;
    this.#journal.status.evidence = { digest, markdown };
    if (proof.target.oid !== null) await this.#awaitApproval(prepared, proof);

    this.#journal.enter('swap');
    await this.#recheck(prepared);
    const { previousName } = inspected;
    const swapped = await swapApproved(this.steps.quick, {
      ...prepared.step,
      ...{ approved: proof.target, staging, previousName },
    });
    this.trail.isStaged = false;
    const { oid } = proof.target;
    const previous = oid === null ? null : { name: previousName, oid };
    return { proof, evidence: { digest, path }, swapped, staging, previous };
  }

  /** No room for two: the target is dropped once everything that can be is proven, and people agreed to lose it. */
  async #replaceInPlace(prepared: Prepared) {
    const { step, artifact, inspected, warnings, stagingOid } = prepared;
    const staging = { name: inspected.stagingName, oid: stagingOid };
    const { space, rolesToCreate: createdRoles } = inspected;
    const { digest, markdown, path, target } = await this.steps.transfer.gatherInPlaceEvidence({
      ...{ ...step, staging, space, createdRoles, warnings },
      ...{ checksum: artifact.checksum, expectedAttempt: artifact.attempt },
    });
    this.#journal.status.evidence = { digest, markdown };
    const { name, oid, acceptsConnections } = target;
    if (oid === null)
      throw refused('RestoreRejected', attemptedOn(name), 'the target is gone since it was inspected');
    await this.#awaitApproval(prepared, { digest });

    this.#journal.enter('drop target');
    await this.#recheck(prepared);
    const order = { ...step, staging, approved: { name, oid, acceptsConnections } };
    // From the drop on, nobody is served by stopping.
    return CancellationScope.nonCancellable(async () => {
      const endedSessions = await dropApproved(this.steps.transfer, this.steps.quick, order);
      try {
        const loaded = await this.#loadAndProve(prepared);
        const approved = { name, oid: null, acceptsConnections: true };
        this.#journal.enter('swap');
        const { previousName } = inspected;
        const swapped = await swapApproved(this.steps.quick, {
          ...step,
          ...{ approved, staging: loaded.staging, previousName },
        });
        const ended = { refusedMs: null, endedSessions: endedSessions + swapped.endedSessions };
        return { ...loaded, evidence: { digest, path }, swapped: ended, previous: null };
      } catch (error) {
        throw failedAfterDrop(error, name, this.trail.isStaged ? null : inspected.stagingName);
      }
    });
  }

  /** Loads the artifact into the staging database, counts it, closes it, and compares it with the backup. */
  async #loadAndProve({ step, artifact, inspected, inPlace, warnings }: Prepared) {
    const { stagingName, previousName, space, rolesToCreate: createdRoles } = inspected;
    const { checksum } = artifact;
    this.#journal.enter('load');
    const staging = await this.steps.transfer.loadBackup({ ...step, stagingName, checksum });
    // In place, what was loaded whole is the best there is: it is never dropped.
    if (inPlace) this.trail.isStaged = false;

    this.#journal.enter('prove');
    const counted = await this.steps.transfer.proveStaging({ ...step, staging });
    const refusedGrants = await this.steps.quick.sealStagingDatabase({ ...step, staging });
    const proof = await this.steps.quick.gatherEvidence({
      ...{ ...step, staging, previousName, checksum, createdRoles, space, inPlace },
      ...{ expectedAttempt: artifact.attempt, countedAttempt: counted.attempt },
      warnings: [...warnings, ...staging.warnings, ...refusedGrants],
    });
    return { staging, proof };
  }

  async #recheck({ step, resolved, artifact }: Prepared): Promise<void> {
    const { checksum, fingerprint } = artifact;
    await this.steps.transfer.recheckArtifact({ ...step, path: resolved.path, checksum, fingerprint });
  }

  /** Retention keeps the backup meanwhile, although no step reads it. */
  async #awaitApproval(
    { step, inspected: { policy } }: Prepared,
    proof: Pick<RestoreProof, 'digest'>,
  ): Promise<void> {
    const { requester, target } = this.input;
    await this.steps.quick.leaseBackup({ ...step, minutes: policy.deadlineMinutes });
    this.#journal.enter(decidingStep);
    const { backupId } = this.#journal.status;
    const question = {
      ...{ cluster: this.input.cluster, database: target, requester, policy, evidence: proof.digest },
      attempted: attemptedOn(target),
      subject: `restore of "${target}" from ${backupId}`,
    };
    await awaitApproval(this.#approval, question, () => this.#journal.show());
  }

  async #summarize(result: RestoreResult): Promise<RestoreResult> {
    this.#journal.enter('done');
    return CancellationScope.nonCancellable(async () => {
      const words = `restored "${result.target}" from ${result.backup.id}`;
      const { cluster, target: database, rows } = result;
      const run = { cluster, database, type: 'restore_done', priority: 'info' } as const;
      await alert({ ...run, message: words, metrics: { rows } });
      try {
        const summaryPath = await this.steps.quick.writeSummary({ ...this.step(), summary: result });
        return { ...result, summaryPath };
      } catch (error) {
        const warning = `the summary could not be written: ${failureMessage(error)}`;
        return { ...result, warnings: [...result.warnings, warning] };
      }
    });
  }

  /** What every step is given. */
  step(): RestoreStepInput {
    const { cluster, target, place } = this.input;
    return { cluster, target, startedAt: this.#startedAt, ...(place !== undefined && { place }) };
  }
}

function attemptedOn(target: string): string {
  return `restore database ${JSON.stringify(target)}`;
}
