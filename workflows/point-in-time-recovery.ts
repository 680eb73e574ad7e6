import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  log,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlannedStep, Recovered, RecoveryStepInput } from '../activities/recovery/step.js';
import { decidingStep } from '../src/domain/approval/contracts.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import type {
  RecoveryInput,
  RecoveryPlan,
  RecoveryProof,
  RecoveryResult,
  RecoveryStatus,
} from '../src/domain/recovery/contracts.js';
import { describeTarget } from '../src/domain/recovery/target.js';
import { alert, recordFailure } from './alerts.js';
import { Approval } from './approval.js';
import { awaitApproval } from './await-approval.js';
import { failureMessage } from './failures.js';
import { hostSteps } from './host-steps.js';
import { exchangeApproved } from './recovery/exchange.js';
import { RecoveryJournal } from './recovery/journal.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const recoveryStatusQuery = defineQuery<RecoveryStatus>(statusQueryName);

/**
 * Brings a cluster back as it was at a point in time. Nothing that runs is touched; a stopped cluster in the folder is
 * moved aside, once the recovered one is proven beside it and people have agreed.
 */
export async function pointInTimeRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  upsertSearchAttributes(startAttributes('recovery', input.cluster));
  const recovery = new Recovery(input);
  const run = { cluster: input.cluster, database: '', type: 'restore_done' } as const;
  try {
    const result = await recovery.run();
    upsertSearchAttributes([outcomeAttribute('succeeded')]);
    const message = `recovered ${result.cluster} to ${result.target} in ${result.dataDir}`;
    await alert({ ...run, priority: 'info', message, metrics: { segments: result.segments } });
    return result;
  } catch (error) {
    await recordFailure(error, { ...run, hostQueue: input.hostQueue });
    throw error;
  } finally {
    await CancellationScope.nonCancellable(async () => {
      await recovery.release();
      await condition(allHandlersFinished);
    });
  }
}

class Recovery {
  readonly #approval = new Approval();
  readonly #journal: RecoveryJournal;
  readonly #steps;
  /** What was unpacked by this run, and is of no use to anybody until it is what was asked for. */
  #unrecovered: RecoveryPlan | undefined;

  constructor(readonly input: RecoveryInput) {
    this.#steps = hostSteps(input);
    this.#journal = new RecoveryJournal(input, this.#approval);
    setHandler(recoveryStatusQuery, () => this.#journal.status);
  }

  /** The steps in order. */
  async run(): Promise<RecoveryResult> {
    const { base, tablespaces, amcheck = false, approveAsRequester = false } = this.input;
    const wishes = {
      amcheck,
      approveAsRequester,
      ...(base && { base }),
      ...(tablespaces && { tablespaces }),
    };
    this.#journal.enter('resolve');
    const plan = await this.#steps.contact.resolveRecovery({ ...this.#step(), ...wishes });
    const step = { ...this.#step(), plan };

    this.#journal.enter('extract', { backupId: plan.base.id, window: plan.window, replaces: plan.replaces });
    this.#unrecovered = plan;
    await this.#steps.transfer.extractBaseBackup(step);

    this.#journal.enter('recover');
    const recovered = await this.#steps.replay.recoverCluster(step);

    this.#journal.enter('prove');
    const found = await this.#steps.replay.proveRecovered({ ...step, amcheck });
    const proof = { ...found, ...(await this.#steps.quick.finishRecovered(step)) };
    const evidence = plan.replaces ? await this.#replace(step, plan.replaces, recovered, proof) : null;
    this.#unrecovered = undefined;

    this.#journal.enter('done');
    return this.#resultOf(plan, recovered, proof, evidence);
  }

  /** What stands in the data directory serves as a way back until the end, and after it under another name. */
  async #replace(
    step: PlannedStep,
    { policy }: NonNullable<RecoveryPlan['replaces']>,
    recovered: Recovered,
    proof: RecoveryProof,
  ): Promise<RecoveryResult['evidence']> {
    const question = await this.#steps.patient.gatherRecoveryEvidence({ ...step, recovered, proof });
    const { digest, markdown, path, standing } = question;
    const { cluster, dataDir, target, requester } = this.input;
    this.#journal.enter(decidingStep, { evidence: { digest, markdown } });
    const subject = `recovery of ${cluster} to ${describeTarget(target)} over ${dataDir}`;
    const about = { cluster, database: '', attempted: `recover over ${dataDir}`, subject };
    const asked = { ...about, requester, policy, evidence: digest };
    await awaitApproval(this.#approval, asked, () => this.#journal.show());

    this.#journal.enter('exchange');
    await exchangeApproved(this.#steps.quick, { ...step, approved: standing, proven: proof });
    return { digest, path };
  }

  /** Lets the base backup go; what was unpacked in vain goes too, with a server that a dead worker has left. */
  async release(): Promise<void> {
    const { cluster } = this.input;
    const unrecovered = this.#unrecovered;
    try {
      await this.#steps.patient.releaseBase({ cluster, ...(unrecovered && { unrecovered }) });
    } catch (error) {
      // Its lease ends by itself.
      log.warn('the base backup could not be released', { cause: failureMessage(error) });
    }
  }

  #resultOf(
    plan: RecoveryPlan,
    recovered: Recovered,
    proof: RecoveryProof,
    evidence: RecoveryResult['evidence'],
  ): RecoveryResult {
    const { cluster, dataDir, action, requester, reason, target } = this.input;
    const unchecked = proof.amcheck?.skipped ?? [];
    return {
      ...{ cluster, dataDir, action, requester, reason, base: plan.base.id, ...recovered, ...proof },
      target: describeTarget(target),
      // One that was not to wait was stopped once it had been looked into, one that moved before it was.
      server: action === 'pause' && !plan.replaces ? recovered.server : null,
      control: { ...recovered.control, state: proof.state },
      tablespaces: plan.tablespaces.map(({ path }) => path),
      previous: plan.replaces?.previous ?? null,
      approval: this.#approval.view ?? null,
      evidence,
      warnings: [
        ...plan.warnings,
        ...unchecked.map(({ database, why }) => `pg_amcheck did not check ${database}: ${why}`),
      ],
      steps: this.#journal.durations,
    };
  }

  #step(): RecoveryStepInput {
    const { cluster, place, dataDir, target, action, timeline, osUser, makeTablespaces } = this.input;
    const startedAt = workflowInfo().startTime.toISOString();
    return {
      ...{ cluster, dataDir, target, action, timeline, startedAt },
      ...(place !== undefined && { place }),
      ...(osUser !== undefined && { osUser }),
      ...(makeTablespaces && { makeTablespaces }),
    };
  }
}
