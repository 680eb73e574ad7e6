import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readControlData } from '../../src/postgres/recovery/control-data.js';
import { unmark } from '../../src/postgres/recovery/folder-mark.js';
import { stopServer } from '../../src/postgres/recovery/postmaster.js';
import { findServerPrograms } from '../../src/postgres/recovery/server-programs.js';
import type { ActivityDeps } from '../deps.js';
import { type Finished, type LookedInto, lookInto } from './look-into.js';
import { gatherRecoveryQuestion, type RecoveryEvidenceStep, type RecoveryQuestion } from './question.js';
import { loggedRecovery, type PlannedStep } from './step.js';

/** Steps that prove what was recovered. */
export function createRecoveryProofActivities(deps: ActivityDeps) {
  return {
    /** Looks into every database of the recovered cluster: the user's assertions, and `pg_amcheck` where it is asked for. */
    async proveRecovered({ amcheck, ...step }: PlannedStep & { amcheck: boolean }): Promise<LookedInto> {
      return loggedRecovery(deps, step, 'prove', (log) => lookInto(deps, step, amcheck, log));
    },

    /**
     * Stops a server that nobody is to wait at. What was recovered into its own folder is from here on no more Holdfast's
     * to remove; what is to take another's place is, until it has.
     */
    async finishRecovered(step: PlannedStep): Promise<Finished> {
      return loggedRecovery(deps, step, 'finish', () => finish(deps, step));
    },

    /** Describes the cluster that is to give way beside the one that was proven, and keeps the evidence in `logs/`. */
    async gatherRecoveryEvidence(step: RecoveryEvidenceStep): Promise<RecoveryQuestion> {
      return loggedRecovery(deps, step, 'evidence', (log) => gatherRecoveryQuestion(deps, step, log));
    },
  };
}

async function finish(deps: ActivityDeps, { plan, action }: PlannedStep): Promise<Finished> {
  const { workDir, tablespaces } = plan;
  if (action !== 'pause') await stopServer(workDir);
  const programs = await findServerPrograms(plan.base.pgMajor, deps.config.pgBinDir);
  const { state, checkpointLsn } = await readControlData(programs, workDir);
  // `pg_ctl restart` would start it with what the private server was started with.
  await rm(join(workDir, 'postmaster.opts'), { force: true });
  if (!plan.replaces)
    for (const path of [...tablespaces.map((each) => each.path), workDir]) await unmark(path);
  const hasSettings = await access(join(workDir, 'postgresql.conf')).then(
    () => true,
    () => false,
  );
  return { state, checkpointLsn, hasSettings };
}
