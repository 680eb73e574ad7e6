import { CancellationScope } from '@temporalio/workflow';
import type { RestoreResult } from '../../src/domain/restore/contracts.js';
import { alert } from '../alerts.js';
import { failureMessage } from '../failures.js';
import { type RestoreRun, restoreStepOf } from './run.js';

/** Tells of a restore that is done, and writes its summary; gives the summary with where it lies. */
export async function summarizeRestore(
  { input, steps, journal }: RestoreRun,
  result: RestoreResult,
): Promise<RestoreResult> {
  journal.enter('done');
  return CancellationScope.nonCancellable(async () => {
    const message = `restored "${result.target}" from ${result.backup.id}`;
    const { cluster, target: database, rows } = result;
    await alert({
      ...{ cluster, database, type: 'restore_done', priority: 'info', message, metrics: { rows } },
    });
    try {
      const summaryPath = await steps.quick.writeSummary({ ...restoreStepOf(input), summary: result });
      return { ...result, summaryPath };
    } catch (error) {
      const warning = `the summary could not be written: ${failureMessage(error)}`;
      return { ...result, warnings: [...result.warnings, warning] };
    }
  });
}
