import { cancellationSignal, heartbeat } from '@temporalio/activity';
import {
  type BaseBackupSummary,
  baseBackupId,
  positionOf,
  summariseBase,
} from '../src/domain/wal/base-backup.js';
import { whyBaseDue } from '../src/domain/wal/base-due.js';
import { lastSegmentNumberBefore, segmentName } from '../src/domain/wal/wal-segment.js';
import { readTablespaces } from '../src/postgres/base/inspect-cluster.js';
import { proveBase } from '../src/postgres/base/prove-base.js';
import { takeBase } from '../src/postgres/base/take-base.js';
import { withMaintenanceConnection } from '../src/postgres/connection/connection.js';
import type { BaseRepository } from '../src/repository/base/base-repository.js';
import { awaitArchived } from '../src/repository/local/wal/await-archived.js';
import type { WalLayout } from '../src/repository/local/wal/wal-layout.js';
import { version } from '../src/version.js';
import { type ClusterStep, loggedCycle, placesOf } from './cluster-step.js';
import { type ActivityDeps, runOf, toolOptions } from './deps.js';
import { beatWhileAlive } from './heartbeat/alive.js';
import { beatWhileServerWorks } from './heartbeat/busy.js';
import { beatWithProgress } from './heartbeat/progress.js';

export interface BaseDueStep extends ClusterStep {
  /** Whether WAL is missing since the newest base backup. */
  needsBase: boolean;
  forced: boolean;
}

/** Steps that copy a whole cluster. */
export function createBaseActivities(deps: ActivityDeps) {
  return {
    /** Why a base backup is to be taken, and under which id; null where none is due. */
    async planBase(step: BaseDueStep): Promise<{ id: string; because: string } | null> {
      return loggedCycle(deps, step, 'plan base backup', async (log) => {
        const { cluster, bases: repository } = placesOf(deps, step.cluster);
        const { bases, broken } = await repository.list();
        const because = whyBaseDue({
          bases,
          archive: step,
          // What is due by what the repository tells is due whether the server answers or not.
          tablespaces: await withMaintenanceConnection(cluster.connection, readTablespaces).catch(() => []),
          now: new Date(),
          baseBackupDays: cluster.baseBackupDays,
          forced: step.forced,
        });
        if (because === null) return null;
        const id = freeId([...bases, ...broken].map((base) => base.id));
        log.info({ baseBackup: id, because }, `a base backup is due: ${because}`);
        return { id, because };
      });
    },

    /** Copies the cluster, reads the copy back against its manifest, and publishes it. */
    async takeBaseBackup(step: ClusterStep & { id: string }): Promise<BaseBackupSummary> {
      return loggedCycle(deps, step, 'base backup', async (log) => {
        const { workflowId, runId, attempt } = runOf();
        const { cluster, bases: repository, layout } = placesOf(deps, step.cluster);
        const { connection } = cluster;
        const signal = cancellationSignal();
        const beat = beatWithProgress();
        await repository.removePartials(runId, { upToAttempt: attempt });
        const published = await publishedBy(repository, step.id, runId);
        if (published) return published;
        const folder = await repository.createPartial(runId, attempt);
        beat.doing('copying the cluster');
        const take = () =>
          takeBase({
            ...{ connection, cluster: step.cluster, folder, signal, runTag: runId },
            tools: toolOptions(deps),
            onProgress: ({ copiedBytes }) => beat.stored(copiedBytes),
          });
        // Nothing is copied before the server's checkpoint is done, which can take it minutes.
        const taken = await beatWhileServerWorks(connection, runId, beat, take);
        beat.doing('reading the copy back');
        const identity = { id: step.id, cluster: step.cluster, holdfast_version: version };
        const metadata = await proveBase({
          ...{ folder, taken, signal, onProgress: () => heartbeat() },
          identity: { ...identity, workflow_id: workflowId, workflow_run_id: runId },
        });
        await repository.publish({ attempt, metadata });
        log.success({ baseBackup: step.id, sizeBytes: metadata.size_bytes }, `published ${step.id}`);
        const summary = summariseBase(metadata);
        beat.doing('awaiting its WAL');
        await beatWhileAlive(awaitOwnWal)(layout, summary, signal);
        return summary;
      });
    },
  };
}

const ownWalWithinMs = 30_000;

/**
 * The archive's verification, which comes next, would miss the segment that the copy ends in: a server whose WAL is streamed
 * does not wait for that to be stored, as it does for its archiver. One that does not come is for that verification to tell.
 */
async function awaitOwnWal(layout: WalLayout, base: BaseBackupSummary, signal: AbortSignal): Promise<void> {
  const { timeline, walSegmentSizeBytes: segmentSizeBytes } = base;
  const number = lastSegmentNumberBefore(positionOf(base.stopLsn), segmentSizeBytes);
  const segment = segmentName({ timeline, number }, segmentSizeBytes);
  await awaitArchived(layout, segment, { timeoutMs: ownWalWithinMs, segmentSizeBytes, signal });
}

/** What an attempt of this run has published before it could tell. */
async function publishedBy(
  repository: BaseRepository,
  id: string,
  runId: string,
): Promise<BaseBackupSummary | undefined> {
  const found = (await repository.list()).bases.some((base) => base.id === id);
  const metadata = found ? (await repository.find(id)).metadata : undefined;
  return metadata?.workflow_run_id === runId ? summariseBase(metadata) : undefined;
}

/** The first second, from now on, whose name no base backup has. */
function freeId(taken: string[]): string {
  for (let at = Date.now(); ; at += 1000) {
    const id = baseBackupId(new Date(at));
    if (!taken.includes(id)) return id;
  }
}
