import { cancellationSignal } from '@temporalio/activity';
import { partialName } from '../../src/domain/backup/names.js';
import { isServerAway } from '../../src/postgres/connection/server-away.js';
import { dumpGlobals } from '../../src/postgres/dump/globals.js';
import { inspectDatabase } from '../../src/postgres/inspect/database.js';
import { findClientTools } from '../../src/postgres/program/client-tools.js';
import { openRepository } from '../../src/repository/open-repository.js';
import { gzipWhole } from '../../src/stream/gzip/gzip-whole.js';
import { type ActivityDeps, type BackupStep, clusterOf, runOf, toolOptions } from '../deps.js';
import { isLastAttempt } from '../edge.js';
import { draftName, hasDraft, takenBack } from './draft.js';

export interface GlobalsStep extends BackupStep {
  /** Attempt whose dump the globals belong to. */
  dumpAttempt: number;
}

/** Roles and tablespaces, stored under a partial name, or why they are not. */
export interface DumpedGlobals {
  partial: string | null;
  /** What is missing of them and why; null when nothing is. */
  missingBecause: string | null;
}

/**
 * Stores roles and tablespaces, as far as the role may read them. The dump they belong to is whole and may have taken
 * hours: where the server takes no sessions any more, and trying again did not help, it is kept without them.
 */
export async function storeGlobals(deps: ActivityDeps, step: GlobalsStep): Promise<DumpedGlobals> {
  try {
    return await dumpAndStore(deps, step);
  } catch (error) {
    if (!isServerAway(error) || (error.retryable && !isLastAttempt(error))) throw error;
    return { partial: null, missingBecause: `roles and tablespaces are not in it: ${error.message}` };
  }
}

async function dumpAndStore(deps: ActivityDeps, step: GlobalsStep): Promise<DumpedGlobals> {
  const { connection } = clusterOf(deps, step.cluster);
  const { runId, attempt } = runOf();
  const { major } = await inspectDatabase(connection, step.database);
  const tools = await findClientTools(major, toolOptions(deps));
  const signal = cancellationSignal();
  const globals = await dumpGlobals({ tools, connection, database: step.database, runTag: runId, signal });
  if (globals.text === null) return { partial: null, missingBecause: globals.because };
  const partial = partialName(runId, attempt, '.globals.sql.gz');
  const repository = openRepository(clusterOf(deps, step.cluster));
  await repository.writePartial(partial, await gzipWhole(globals.text));
  // An attempt that sleeps through its time may wake when the run has ended, and nobody would remove what it wrote.
  if (!(await hasDraft(repository, draftName(runId, step.dumpAttempt))))
    throw await takenBack(repository, partial);
  return { partial, missingBecause: globals.passwordsMissingBecause };
}
