import { cancellationSignal } from '@temporalio/activity';
import type {
  RecoveredDatabase,
  RecoveryInput,
  RecoveryPlan,
  RecoveryResult,
} from '../src/domain/recovery-contracts.js';
import { isUnpacked, removeUnrecovered, requireFree } from '../src/postgres/recovery/claim-folder.js';
import { extractBase } from '../src/postgres/recovery/extract-base.js';
import { listRecovered } from '../src/postgres/recovery/list-recovered.js';
import { placeStreamed } from '../src/postgres/recovery/place-streamed.js';
import { runningPostmaster, stopServer } from '../src/postgres/recovery/postmaster.js';
import { recover } from '../src/postgres/recovery/recover.js';
import { serverAccount } from '../src/postgres/recovery/server-account.js';
import { findServerPrograms } from '../src/postgres/recovery/server-programs.js';
import { baseRepository } from '../src/repository/base/base-repository.js';
import { walLayout } from '../src/repository/local/wal/wal-layout.js';
import { newestArchived, planRecoveryFrom } from '../src/repository/plan-recovery-from.js';
import { loggedCluster } from './cluster-step.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { beatWhileWatching, beatWithProgress } from './progress-beat.js';

/** A step of a recovery. */
export interface RecoveryStepInput
  extends Pick<RecoveryInput, 'cluster' | 'place' | 'dataDir' | 'target' | 'action' | 'timeline' | 'osUser'> {
  /** When the operation began, ISO 8601: the name of its log. */
  startedAt: string;
}

/** A step that knows its base backup. */
export interface PlannedStep extends RecoveryStepInput {
  baseId: string;
}

/** What was recovered, before it was looked into. */
export type Recovered = Pick<
  RecoveryResult,
  'stopReason' | 'replayedTo' | 'replayedLsn' | 'timeline' | 'segments' | 'control' | 'server'
>;

/** Longer than any recovery; the workflow's end ends it. */
const leaseMs = 30 * 24 * 60 * 60 * 1000;

/** Steps that bring a cluster back to a point in time. */
export function createRecoveryActivities(deps: ActivityDeps) {
  const placesOf = (name: string) => {
    const { repositoryPath } = clusterOf(deps, name);
    return { layout: walLayout(repositoryPath), bases: baseRepository(repositoryPath, name) };
  };
  return {
    /** Finds out whether the target can be reached, from what, and that the folder is free; keeps the base backup. */
    async resolveRecovery(step: RecoveryStepInput & { base?: string }): Promise<RecoveryPlan> {
      return loggedRecovery(deps, step, 'resolve', async (log) => {
        const { bases } = placesOf(step.cluster);
        const attempted = `recover cluster "${step.cluster}" into ${step.dataDir}`;
        await requireFree(attempted, step.dataDir);
        const signal = cancellationSignal();
        const planned = await planRecoveryFrom(placesOf(step.cluster), { ...step, signal });
        const { base, window } = planned;
        // Told before anything is unpacked.
        await findServerPrograms(Number.parseInt(base.pgVersion, 10), deps.config.pgBinDir);
        await serverAccount(step.dataDir, step.osUser);
        const { workflowId, runId } = runOf();
        await bases.lease({ backupId: base.id, workflowId, runId, validMs: leaseMs });
        log.info({ baseBackup: base.id, window }, `recovering from ${base.id}`);
        return { baseId: base.id, window };
      });
    },

    /** Unpacks the base backup, proving every byte of it. */
    async extractBaseBackup(step: PlannedStep): Promise<void> {
      await loggedRecovery(deps, step, 'extract', async () => {
        const { folder, metadata } = await placesOf(step.cluster).bases.find(step.baseId);
        const { runId, attempt } = runOf();
        // An attempt that could not tell that it had ended: the first one began with an empty folder.
        if (attempt > 1 && (await isUnpacked(step.dataDir))) return;
        const beat = beatWithProgress(metadata.size_bytes);
        await extractBase({
          ...{ folder, metadata, dataDir: step.dataDir, runId, signal: cancellationSignal() },
          account: await serverAccount(step.dataDir, step.osUser),
          onProgress: (readBytes) => beat.stored(readBytes),
        });
      });
    },

    /** Replays WAL on a private server until the target, and proves that it stopped for that and nothing else. */
    async recoverCluster(step: PlannedStep): Promise<Recovered> {
      return loggedRecovery(deps, step, 'recover', async (log) => {
        const { layout, bases } = placesOf(step.cluster);
        const { metadata } = await bases.find(step.baseId);
        const account = await serverAccount(step.dataDir, step.osUser);
        const segmentSizeBytes = metadata.wal_segment_size;
        const placed = await placeStreamed({ layout, segmentSizeBytes, dataDir: step.dataDir, account });
        if (placed.length > 0) log.info({ placed }, `streamed and not archived yet: ${placed.join(', ')}`);
        const recovered = await beatWhileWatching(async (tell) =>
          recover({
            programs: await findServerPrograms(
              Number.parseInt(metadata.pg_version, 10),
              deps.config.pgBinDir,
            ),
            ...{ dataDir: step.dataDir, metadata, walFolder: layout.wal, target: step.target },
            ...{ action: step.action, timeline: step.timeline, signal: cancellationSignal() },
            account,
            ...(step.target.kind === 'latest' && { mustReach: await reach(step) }),
            onProgress: ({ segments, replayedTo }) =>
              tell(segments * metadata.wal_segment_size, replayedTo ? `replayed to ${replayedTo}` : ''),
          }),
        );
        const { control, server, replayedLsn = null, replayedTo = null } = recovered;
        const { stopReason, timeline, segments } = recovered;
        log.success({ stopReason, timeline, segments }, `recovered: stopped ${stopReason}`);
        const role = metadata.bootstrap_role;
        return {
          ...{ stopReason, replayedTo, replayedLsn, timeline, segments },
          control: {
            ...{ state: control.state, systemIdentifier: control.systemIdentifier },
            hasDataChecksums: control.hasDataChecksums,
          },
          server: server ? { socketDir: server.socketDir, port: server.port, role } : null,
        };
      });
    },

    /** Looks into every database of the recovered cluster; then stops a server that nobody is to wait at. */
    async proveRecovered(
      step: PlannedStep,
    ): Promise<{ databases: RecoveredDatabase[]; databaseCount: number } | null> {
      return loggedRecovery(deps, step, 'prove', async (log) => {
        const server = await runningPostmaster(step.dataDir);
        if (!server) return null;
        const { metadata } = await placesOf(step.cluster).bases.find(step.baseId);
        const databases = await listRecovered(server, metadata.bootstrap_role);
        log.info({ databases: databases.length }, `${databases.length} databases were looked into`);
        if (step.action !== 'pause') await stopServer(step.dataDir);
        return { databases: databases.slice(0, 100), databaseCount: databases.length };
      });
    },

    /** Ends what keeps the base backup; what this run has unpacked and could not recover goes, with its server. */
    async releaseBase({ cluster, unrecovered }: { cluster: string; unrecovered?: string }): Promise<void> {
      if (unrecovered !== undefined) {
        await stopServer(unrecovered);
        await removeUnrecovered(unrecovered);
      }
      await placesOf(cluster).bases.removePartials(runOf().runId);
    },
  };

  /** A server without a target would take any end for the end. */
  function reach({ cluster, timeline, baseId }: PlannedStep): Promise<string | undefined> {
    return newestArchived(placesOf(cluster), { timeline, base: baseId, signal: cancellationSignal() });
  }

  function loggedRecovery<T>(
    of: ActivityDeps,
    step: RecoveryStepInput,
    name: string,
    act: Parameters<typeof loggedCluster<T>>[4],
  ): Promise<T> {
    return loggedCluster(of, step, name, { verb: 'recover', operation: 'recovery' }, act);
  }
}
