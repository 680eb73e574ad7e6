import {
  type ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  defineQuery,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClusterStep } from '../activities/cluster-step.js';
import type { PlannedDrill } from '../activities/drill/plan.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import { type DrillInput, type DrillResult, type DrillStatus, perGb } from '../src/domain/drill/contracts.js';
import { alert, recordFailure } from './alerts.js';
import { clusterStepOf } from './cluster-step.js';
import { DrillJournal } from './drill/journal.js';
import { alertsOfDrill } from './drill/telling.js';
import { drillDatabase } from './drill-database.js';
import { drillPointInTime } from './drill-recovery.js';
import { failureMessage, failureOf } from './failures.js';
import { goOnAsNew } from './go-on.js';
import { hostSteps } from './host-steps.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const drillStatusQuery = defineQuery<DrillStatus>(statusQueryName);

const defaultDatabasesPerRun = 20;

/** Restores the newest backup of each database, and a point in time, to prove that it can be done; keeps none of it. */
export async function drillCluster(input: DrillInput): Promise<DrillResult> {
  const { cluster, hostQueue } = input;
  upsertSearchAttributes(startAttributes('drill', cluster));
  const drill = new Drill(input);
  try {
    const result = await drill.run();
    upsertSearchAttributes([outcomeAttribute(result.totals.failed === 0 ? 'succeeded' : 'failed')]);
    return result;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await recordFailure(error, { type: 'restore_drill', cluster, database: '', hostQueue });
    throw error;
  }
}

/** A drill that proves nothing must not pass for a good one. */
function nothingToDrill(cluster: string, because: string | null): ApplicationFailure {
  return failureOf('BackupNotFound', {
    attempted: `drill the backups of cluster "${cluster}"`,
    cause: `no database has a backup that is to be drilled${because === null ? '' : `, and ${because}`}`,
    remedy: 'Back up first, or see what `drill` in holdfast.yaml leaves out.',
  });
}

/** One run of a drill, which another goes on with where there are many databases. */
class Drill {
  readonly #steps;
  readonly #journal: DrillJournal;

  constructor(readonly input: DrillInput) {
    this.#steps = hostSteps(input);
    const { runId, startTime } = workflowInfo();
    this.#journal = new DrillJournal(input, { runId, startedAt: startTime.toISOString() });
    setHandler(drillStatusQuery, () => this.#journal.status);
  }

  async run(): Promise<DrillResult> {
    const { carried, databases, databasesPerRun: limit = defaultDatabasesPerRun } = this.input;
    if (!carried) await this.#clear();
    this.#journal.enter('plan');
    const named = databases && { databases };
    const after = carried?.after ?? null;
    const plan = await this.#steps.contact.planDrill({ ...this.#step(), ...named, after, limit });
    try {
      for (const planned of plan.drills) await this.#drill(planned);
    } finally {
      // Also of a drill that is cancelled: what was proven stays known.
      await CancellationScope.nonCancellable(() => this.#record());
    }
    if (plan.more > 0)
      return goOnAsNew<typeof drillCluster>({ ...this.input, carried: this.#journal.carried });
    return this.#end(this.input.pointInTime ?? (databases === undefined && plan.pointInTime));
  }

  /** What was left by a drill that was ended hard goes first. A server that is away is told when it is needed. */
  async #clear(): Promise<void> {
    this.#journal.enter('clear');
    const { removed, warnings } = await this.#steps.patient.clearDrills(this.#step());
    const left = removed.map((name) => `${name} was left of an earlier drill, and is removed`);
    this.#journal.warn([...left, ...warnings]);
  }

  async #drill(planned: PlannedDrill): Promise<void> {
    const outcome = await drillDatabase(this.input, planned, this.#steps, this.#journal);
    this.#journal.add(outcome);
  }

  async #end(wantsPointInTime: boolean): Promise<DrillResult> {
    let noPointInTimeBecause: string | null = null;
    if (wantsPointInTime) {
      const found = await drillPointInTime(this.input, this.#steps, this.#journal);
      if (typeof found === 'string') noPointInTimeBecause = found;
      else this.#journal.add(found);
      await this.#record();
    }
    if (this.#journal.carried.outcomes.length === 0)
      throw nothingToDrill(this.input.cluster, noPointInTimeBecause);
    this.#journal.enter('done');
    const { totals, outcomes, warnings, tellings, startedAt } = this.#journal.carried;
    const { cluster, requester } = this.input;
    for (const each of alertsOfDrill(cluster, totals, tellings)) await alert(each);
    return {
      ...{ cluster, requester, startedAt, totals, outcomes, noPointInTimeBecause, warnings },
      secondsPerGb: perGb(totals.seconds, totals.sizeBytes),
      reportPath: this.#journal.reportPath,
    };
  }

  /** A report that can't be written makes no drill a failed one. */
  async #record(): Promise<void> {
    const outcomes = this.#journal.takeUnrecorded();
    const { totals, runId: firstRunId } = this.#journal.carried;
    const { requester } = this.input;
    try {
      const recorded = await this.#steps.quick.recordDrills({
        ...{ ...this.#step(), requester, firstRunId, outcomes, totals },
      });
      this.#journal.recorded(recorded);
    } catch (error) {
      this.#journal.warn([`the report of this drill could not be written: ${failureMessage(error)}`]);
    }
  }

  #step(): ClusterStep {
    return clusterStepOf(this.input, this.#journal.startedAt);
  }
}
