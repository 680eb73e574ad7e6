import { cancellationSignal } from '@temporalio/activity';
import { clusterPolicyOf } from '../../src/config/restoring.js';
import { formatTimestamp } from '../../src/domain/backup/names.js';
import { dayMs } from '../../src/domain/durations.js';
import { HoldfastError } from '../../src/domain/errors.js';
import type { RecoveryInput, RecoveryPlan } from '../../src/domain/recovery/contracts.js';
import { findAmcheck } from '../../src/postgres/recovery/amcheck.js';
import { lookAtFolder } from '../../src/postgres/recovery/claim-folder.js';
import { abandonedBeside, namesBeside, undoAbandoned } from '../../src/postgres/recovery/exchange-folders.js';
import { placeTablespaces } from '../../src/postgres/recovery/place-tablespaces.js';
import { requireRoom } from '../../src/postgres/recovery/require-room.js';
import { serverAccount } from '../../src/postgres/recovery/server-account.js';
import { findServerPrograms } from '../../src/postgres/recovery/server-programs.js';
import { inspectStanding } from '../../src/postgres/recovery/standing-cluster.js';
import { planRecoveryFrom } from '../../src/repository/plan-recovery-from.js';
import { placesOf } from '../cluster-step.js';
import { type ActivityDeps, clusterOf, runOf } from '../deps.js';
import { refuseRequester } from '../refuse-requester.js';
import { attemptedBy, loggedRecovery, type RecoveryStepInput } from './step.js';

/** What is asked of a recovery besides its target. */
export type RecoveryWishes = Pick<RecoveryInput, 'base' | 'tablespaces' | 'amcheck' | 'approveAsRequester'>;

/** Longer than any recovery; the workflow's end ends it. */
const leaseMs = 30 * dayMs;

/** The step that finds out whether and how a cluster can be recovered. */
export function createRecoveryPlanActivities(deps: ActivityDeps) {
  return {
    /**
     * Finds out whether the target can be reached, from what, and what is in the folder; keeps the base backup. What can
     * be told before anything is unpacked is told here.
     */
    async resolveRecovery(step: RecoveryStepInput & RecoveryWishes): Promise<RecoveryPlan> {
      return loggedRecovery(deps, step, 'resolve', async (log) => {
        const plan = await planRecovery(deps, step);
        const { workflowId, runId } = runOf();
        const lease = { backupId: plan.base.id, workflowId, runId, validMs: leaseMs };
        await placesOf(deps, step.cluster).bases.lease(lease);
        log.info({ plan }, `recovering from ${plan.base.id}`);
        return plan;
      });
    },
  };
}

async function planRecovery(
  deps: ActivityDeps,
  step: RecoveryStepInput & RecoveryWishes,
): Promise<RecoveryPlan> {
  const { dataDir, osUser } = step;
  const attempted = attemptedBy(step);
  const givenBack = await undoAbandoned(dataDir);
  const state = await lookAtFolder(attempted, dataDir, runOf().runId);
  const replaces = state === 'cluster' ? await giveWay(deps, step, attempted) : null;
  const places = placesOf(deps, step.cluster);
  const { base, window } = await planRecoveryFrom(places, { ...step, signal: cancellationSignal() });
  const pgMajor = Number.parseInt(base.pgVersion, 10);
  const programs = await findServerPrograms(pgMajor, deps.config.pgBinDir);
  if (step.amcheck) await findAmcheck(programs);
  const workDir = replaces?.recovered ?? dataDir;
  const wishes = step.tablespaces ?? [];
  const tablespaces = await placeTablespaces(attempted, base.tablespaces, wishes, dataDir);
  if (tablespaces.length === 0) await requireRoom(attempted, workDir, base.uncompressedBytes);
  const { metadata } = await places.bases.find(base.id);
  const account = await serverAccount(dataDir, osUser);
  return {
    base: {
      ...{ id: base.id, pgMajor, systemIdentifier: base.systemIdentifier },
      ...{ bootstrapRole: metadata.bootstrap_role, walSegmentSizeBytes: base.walSegmentSizeBytes },
    },
    ...{ window, workDir, tablespaces },
    account: account ?? null,
    replaces: replaces && { previous: replaces.previous, policy: replaces.policy },
    warnings: [
      ...(givenBack === undefined
        ? []
        : [`${givenBack} is ${dataDir} again: an earlier recovery was ended between its two renames`]),
      ...(await abandonedBeside(dataDir, workDir)).map(
        (path) => `${path} is left of a recovery that is over: remove it`,
      ),
    ],
  };
}

/** A stopped cluster gives way, once people have agreed; refused at once where they can't. */
async function giveWay(deps: ActivityDeps, step: RecoveryStepInput & RecoveryWishes, attempted: string) {
  await inspectStanding(attempted, step.dataDir, deps.config.pgBinDir);
  const policy = clusterPolicyOf(clusterOf(deps, step.cluster));
  if (step.approveAsRequester) refuseRequester(attempted, policy);
  if (policy.allowedApprovers && policy.allowedApprovers.length < policy.approvers) {
    throw new HoldfastError('RestoreRejected', {
      attempted,
      cause:
        'the policies of the cluster and its databases name too few people who may decide on all of them',
      remedy:
        'name the same allowedApprovers for the cluster and each database, or recover into another folder',
    });
  }
  return { ...namesBeside(step.dataDir, formatTimestamp(new Date(step.startedAt))), policy };
}
