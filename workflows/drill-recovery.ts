import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ClusterStep } from '../activities/cluster-step.js';
import type { ScratchPlace } from '../activities/drill/recovery.js';
import type { RecoveryStepInput } from '../activities/recovery/step.js';
import type { DrillInput, DrillOutcome } from '../src/domain/drill/contracts.js';
import type { RecoveryPlan } from '../src/domain/recovery/contracts.js';
import { describeTarget, type RecoveryTarget } from '../src/domain/recovery/target.js';
import { clusterStepOf } from './cluster-step.js';
import type { DrillJournal } from './drill/journal.js';
import { DrillRecord } from './drill/record.js';
import { failureMessage, failureType } from './failures.js';
import type { HostSteps } from './host-steps.js';

/** What has to go when the drill is over. */
interface Trail {
  folder?: string;
  plan?: RecoveryPlan;
}

/**
 * Recovers the cluster to the asked point in time, or from its newest base backup to all that is archived, in a folder
 * that goes afterwards; or tells why there is nothing to recover.
 */
export async function drillPointInTime(
  input: DrillInput,
  steps: HostSteps,
  journal: DrillJournal,
): Promise<DrillOutcome | string> {
  const record = new DrillRecord(null, input.cluster);
  const step = clusterStepOf(input, record.outcome.at);
  const trail: Trail = {};
  try {
    journal.enter('recover');
    const { target = { kind: 'latest' } } = input;
    const found = await steps.patient.placeDrill({ ...step, target });
    if ('nothingBecause' in found) return found.nothingBecause;
    trail.folder = found.folder;
    await recoverScratch({ ...step, target }, found, steps, record, trail);
  } catch (error) {
    // A wish that can't be granted says nothing of the backups.
    if (isCancellation(error) || failureType(error) === 'RecoveryTargetInvalid') throw error;
    record.fail(error, input.hostQueue);
  } finally {
    await CancellationScope.nonCancellable(() => cleanUp(step, steps, record, trail));
  }
  return record.outcome;
}

/** The steps in order: those of a recovery, up to its proof. */
async function recoverScratch(
  step: ClusterStep & { target: RecoveryTarget },
  { dataDir, tablespaces, backup }: ScratchPlace,
  steps: HostSteps,
  record: DrillRecord,
  trail: Trail,
): Promise<void> {
  const { id: base, uncompressedBytes, ...found } = backup;
  record.outcome.backup = { id: base, ...found };
  // At the end of all WAL a server is promoted; this one reaches nobody, and archives nothing.
  const recovery: RecoveryStepInput = { ...step, dataDir, action: 'promote', timeline: 'latest' };
  const plan = await steps.patient.resolveRecovery({ ...recovery, base, tablespaces });
  trail.plan = plan;
  record.pass('verify');

  await steps.transfer.extractBaseBackup({ ...recovery, plan });
  const { segments, replayedTo, stopReason } = await steps.replay.recoverCluster({ ...recovery, plan });
  record.pass('load');

  const { databases, databaseCount, assertionCount } = await steps.replay.proveRecovered({
    ...{ ...recovery, plan, amcheck: false },
  });
  record.pass('prove');
  const proof = {
    ...{ sizeBytes: uncompressedBytes, rows: null, assertions: assertionCount },
    tables: databases.reduce((sum, each) => sum + each.tables, 0),
    recovered: {
      ...{ databases: databaseCount, segments, replayedTo, stopReason },
      target: describeTarget(step.target),
    },
  };
  record.prove(proof, plan.warnings);
}

/** The server is stopped and all of it removed; what can't be is removed by the next drill, and told. */
async function cleanUp(
  step: ClusterStep,
  steps: HostSteps,
  record: DrillRecord,
  { folder, plan: unrecovered }: Trail,
): Promise<void> {
  const { cluster } = step;
  try {
    await steps.patient.releaseBase({ cluster, ...(unrecovered && { unrecovered }) });
    if (folder !== undefined) await steps.patient.removeDrillFolder({ ...step, folder });
  } catch (error) {
    record.warn([`what was recovered could not be removed: ${failureMessage(error)}`]);
  }
}
