import { rmdir } from 'node:fs/promises';
import { cancellationSignal } from '@temporalio/activity';
import type { RecoveryPlan } from '../src/domain/recovery/contracts.js';
import { extractBase } from '../src/postgres/recovery/extract-base.js';
import { emptyClaimed, isClaimedBy, isUnpacked } from '../src/postgres/recovery/folder-mark.js';
import { placeStreamed } from '../src/postgres/recovery/place-streamed.js';
import { stopServer } from '../src/postgres/recovery/postmaster.js';
import { recover } from '../src/postgres/recovery/recover.js';
import { findServerPrograms } from '../src/postgres/recovery/server-programs.js';
import { newestArchived } from '../src/repository/plan-recovery-from.js';
import { placesOf } from './cluster-step.js';
import { type ActivityDeps, runOf } from './deps.js';
import { beatWhileWatching, beatWithProgress } from './heartbeat/progress.js';
import { loggedRecovery, type PlannedStep, type Recovered } from './recovery/step.js';

/** What a recovery has to clear away when it is over. */
export interface ReleaseStep {
  cluster: string;
  /** What was unpacked and did not become what was asked for: its folder and its tablespaces'. */
  unrecovered?: Pick<RecoveryPlan, 'workDir' | 'tablespaces' | 'replaces'>;
}

/** Steps that bring a cluster back to a point in time. */
export function createRecoveryActivities(deps: ActivityDeps) {
  return {
    /** Unpacks the base backup, proving every byte of it. */
    async extractBaseBackup({ plan, ...step }: PlannedStep): Promise<void> {
      await loggedRecovery(deps, step, 'extract', async () => {
        const { folder, metadata } = await placesOf(deps, step.cluster).bases.find(plan.base.id);
        const { runId, attempt } = runOf();
        // An attempt that could not tell that it had ended: the first one began with an empty folder.
        if (attempt > 1 && (await isUnpacked(plan.workDir))) return;
        const beat = beatWithProgress(metadata.size_bytes);
        await extractBase({
          ...{ folder, metadata, dataDir: plan.workDir, runId, signal: cancellationSignal() },
          tablespaceFolders: new Map(plan.tablespaces.map(({ oid, path }) => [oid, path])),
          account: plan.account ?? undefined,
          onProgress: (readBytes) => beat.stored(readBytes),
        });
      });
    },

    /**
     * Replays WAL on a private server until the target, and proves that it stopped for that and nothing else. Where the
     * cluster is to be shut down there, it waits there first: it is yet to be looked into.
     */
    async recoverCluster({ plan, ...step }: PlannedStep): Promise<Recovered> {
      return loggedRecovery(deps, step, 'recover', async (log) => {
        const { base, account: planned, workDir } = plan;
        const account = planned ?? undefined;
        const { layout } = placesOf(deps, step.cluster);
        const segmentSizeBytes = base.walSegmentSizeBytes;
        const placed = await placeStreamed({ layout, segmentSizeBytes, dataDir: workDir, account });
        if (placed.length > 0) log.info({ placed }, `streamed and not archived yet: ${placed.join(', ')}`);
        const programs = await findServerPrograms(base.pgMajor, deps.config.pgBinDir);
        const mustReach = step.target.kind === 'latest' ? await reach({ plan, ...step }) : undefined;
        const recovered = await beatWhileWatching(async (tell) =>
          recover({
            makeTablespaces: step.makeTablespaces === true,
            ...{ programs, dataDir: workDir, target: step.target, timeline: step.timeline },
            action: step.action === 'promote' ? 'promote' : 'pause',
            ...{ base, account, mustReach, walFolder: layout.wal, signal: cancellationSignal() },
            onProgress: ({ segments, replayedTo }) =>
              tell(segments * base.walSegmentSizeBytes, replayedTo ? `replayed to ${replayedTo}` : ''),
          }),
        );
        const { control, server, replayedLsn = null, replayedTo = null } = recovered;
        const { stopReason, timeline, segments } = recovered;
        log.success({ stopReason, timeline, segments }, `recovered: stopped ${stopReason}`);
        const { state, systemIdentifier, hasDataChecksums } = control;
        return {
          ...{ stopReason, replayedTo, replayedLsn, timeline, segments },
          control: { state, systemIdentifier, hasDataChecksums },
          server: server
            ? { socketDir: server.socketDir, port: server.port, role: base.bootstrapRole }
            : null,
        };
      });
    },

    /** Ends what keeps the base backup; what this run has unpacked in vain goes, with its server. */
    async releaseBase({ cluster, unrecovered }: ReleaseStep): Promise<void> {
      const { runId } = runOf();
      if (unrecovered) await removeUnrecovered(unrecovered, runId);
      await placesOf(deps, cluster).bases.removePartials(runId);
    },
  };

  /** A server without a target would take any end for the end. */
  function reach({ cluster, timeline, plan }: PlannedStep): Promise<string | undefined> {
    const wish = { timeline, base: plan.base.id, signal: cancellationSignal() };
    return newestArchived(placesOf(deps, cluster), wish);
  }
}

/** Nothing of a folder that is not this run's, or not any more. */
async function removeUnrecovered(
  { workDir, tablespaces, replaces }: NonNullable<ReleaseStep['unrecovered']>,
  runId: string,
): Promise<void> {
  if (await isClaimedBy(workDir, runId)) await stopServer(workDir);
  for (const { path } of tablespaces) await emptyClaimed(path, runId);
  await emptyClaimed(workDir, runId);
  // One beside the data directory was made by this run; what is not empty stays.
  if (replaces) await rmdir(workDir).catch(() => {});
}
