import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { PlannedDrill } from '../activities/drill/plan.js';
import type { RestoreStepInput } from '../activities/restore/step.js';
import type { DrillInput, DrillOutcome } from '../src/domain/drill/contracts.js';
import type { DrillJournal } from './drill/journal.js';
import { DrillRecord } from './drill/record.js';
import { failureMessage } from './failures.js';
import type { HostSteps } from './host-steps.js';

/** Restores the newest backup of a database to a scratch database, proves it, and drops it whatever happens. */
export async function drillDatabase(
  input: DrillInput,
  planned: PlannedDrill,
  steps: HostSteps,
  journal: DrillJournal,
): Promise<DrillOutcome> {
  const record = new DrillRecord(planned.database, planned.on);
  const step = stepOf(input, planned, record);
  try {
    await restoreToScratch(planned, step, steps, journal, record);
  } catch (error) {
    if (isCancellation(error)) throw error;
    record.fail(error, input.hostQueue);
  } finally {
    journal.enter('drop');
    await CancellationScope.nonCancellable(() => cleanUp(step, steps, record));
  }
  return record.outcome;
}

/** The steps in order: those of a restore, up to its proof. */
async function restoreToScratch(
  { database, createRoles }: PlannedDrill,
  base: RestoreStepInput,
  steps: HostSteps,
  journal: DrillJournal,
  record: DrillRecord,
): Promise<void> {
  journal.enter('resolve', { database });
  const reference = { reference: 'latest', database, allowUnverified: false };
  const resolved = await steps.contact.resolveBackup({ ...base, backup: reference });
  record.found(resolved);
  const step = { ...base, backup: { reference: resolved.path, allowUnverified: false } };

  journal.enter('verify artifact', { backupId: resolved.id });
  const artifact = await steps.transfer.verifyArtifact(step);

  journal.enter('inspect');
  const needs = { createRoles, verifiedAttempt: artifact.attempt };
  const { stagingName, space, rolesToCreate } = await steps.contact.inspectScratch({ ...step, ...needs });
  const superusers =
    rolesToCreate.length > 0 ? await steps.quick.createMissingRoles({ ...step, ...needs }) : [];
  record.pass('verify');

  journal.enter('create scratch');
  const created = await steps.quick.createStagingDatabase({ ...step, stagingName });
  journal.enter('load');
  const { checksum } = artifact;
  const staging = await steps.transfer.loadBackup({ ...step, stagingName, checksum });
  record.pass('load');

  journal.enter('prove');
  const counted = await steps.transfer.proveStaging({ ...step, staging });
  const refusedGrants = await steps.quick.sealStagingDatabase({ ...step, staging });
  const { tables, rows, sizeBytes, assertions, warnings } = await steps.quick.gatherEvidence({
    ...{ ...step, staging, previousName: '', checksum, createdRoles: rolesToCreate, space, inPlace: false },
    ...{ expectedAttempt: artifact.attempt, countedAttempt: counted.attempt },
    warnings: [...superusers, ...created.warnings, ...staging.warnings, ...refusedGrants],
  });
  record.pass('prove');
  record.prove({ tables, rows, sizeBytes, assertions }, warnings);
}

/** What can't be dropped now is dropped by the next drill, and told. */
async function cleanUp(step: RestoreStepInput, steps: HostSteps, record: DrillRecord): Promise<void> {
  try {
    await steps.quick.dropScratch(step);
  } catch (error) {
    record.warn([`the scratch database could not be dropped: ${failureMessage(error)}`]);
  }
  try {
    const { path } = record;
    await steps.quick.cleanUpPartials({ cluster: step.cluster, ...(path !== undefined && { read: path }) });
  } catch (error) {
    log.warn('partial files could not be removed', { cause: failureMessage(error) });
  }
}

function stepOf(
  { cluster, place }: DrillInput,
  { database, on, of }: PlannedDrill,
  { outcome: { at: startedAt } }: DrillRecord,
): RestoreStepInput {
  return {
    ...{ cluster, target: database, startedAt, drill: { on, of } },
    ...(place !== undefined && { place }),
  };
}
