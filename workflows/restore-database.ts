import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import type { RestoreInput, RestoreResult, RestoreStatus } from '../src/domain/restore/contracts.js';
import { recordFailure } from './alerts.js';
import { Approval } from './approval.js';
import { hostSteps } from './host-steps.js';
import { cleanUpRestore } from './restore/clean-up.js';
import { replaceInPlace } from './restore/in-place.js';
import { RestoreJournal } from './restore/journal.js';
import { keepReplaced } from './restore/keep.js';
import { type Prepared, prepareRestore } from './restore/prepare.js';
import { type RestoreRun, restoreStepOf } from './restore/run.js';
import { summarizeRestore } from './restore/summary.js';
import { type Replacement, replaceBySwap } from './restore/swap.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const restoreStatusQuery = defineQuery<RestoreStatus>(statusQueryName);

/** Loads a backup beside its target, proves it, waits for approval where a database is replaced, then swaps. */
export async function restoreDatabase(input: RestoreInput): Promise<RestoreResult> {
  upsertSearchAttributes(startAttributes('restore', input.cluster, input.target));
  const run = beginRestore(input);
  try {
    const result = await restore(run);
    upsertSearchAttributes([outcomeAttribute('succeeded')]);
    return result;
  } catch (error) {
    const { cluster, target: database, hostQueue } = input;
    await recordFailure(error, { type: 'restore_done', cluster, database, hostQueue });
    throw error;
  } finally {
    await CancellationScope.nonCancellable(async () => {
      await cleanUpRestore(run.steps.quick, restoreStepOf(input), run.trail);
      await condition(allHandlersFinished);
    });
  }
}

/** Messages and queries are answered from here on. */
function beginRestore(input: RestoreInput): RestoreRun {
  const approval = new Approval();
  const journal = new RestoreJournal(input, approval);
  setHandler(restoreStatusQuery, () => journal.status);
  journal.show();
  return { input, steps: hostSteps(input), approval, journal, trail: { isStaged: false } };
}

/** The steps in order. */
async function restore(run: RestoreRun): Promise<RestoreResult> {
  const { input, journal, steps } = run;
  const step = restoreStepOf(input);
  const prepared = await prepareRestore(run, step);
  const done = await (prepared.inPlace ? replaceInPlace(run, prepared) : replaceBySwap(run, prepared));

  journal.enter('summary');
  const previous = done.previous
    ? await keepReplaced(input, step, steps.quick.dropPrevious, {
        ...{ previous: done.previous, restoredOid: done.staging.oid, backupId: prepared.resolved.id },
      })
    : { kept: null, warnings: [] };
  return summarizeRestore(run, resultOf(run, prepared, done, previous));
}

function resultOf(
  { input, approval, journal }: RestoreRun,
  { resolved, artifact, inspected, inPlace }: Prepared,
  { proof, evidence, swapped }: Replacement,
  previous: Awaited<ReturnType<typeof keepReplaced>>,
): RestoreResult {
  const { cluster, target, requester, reason } = input;
  const { tables, rows, sizeBytes, assertions } = proof;
  const { refusedMs, endedSessions } = swapped;
  return {
    ...{ cluster, target, backup: { ...resolved, checksum: artifact.checksum }, requester, reason },
    ...{ tables, rows, sizeBytes, assertions, createdRoles: inspected.rolesToCreate, inPlace },
    approval: approval.view ?? null,
    previous: previous.kept,
    ...{ refusedMs, endedSessions, steps: journal.durations },
    warnings: [...proof.warnings, ...previous.warnings],
    ...{ evidence, summaryPath: null },
  };
}
