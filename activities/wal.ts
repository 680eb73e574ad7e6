import { join } from 'node:path';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { ClusterConfig } from '../src/config/config.js';
import { archiveCommand } from '../src/domain/archive-command.js';
import type { ArchiveReport } from '../src/domain/archive-report.js';
import type { ArchiverFacts } from '../src/domain/archiving.js';
import { positionOf } from '../src/domain/base-backup.js';
import { formatTimestamp } from '../src/domain/names.js';
import { slotName } from '../src/domain/replication-slot.js';
import type {
  ArchivingState,
  CompressedSegments,
  ExpiredArchive,
  WalCycleResult,
} from '../src/domain/wal-contracts.js';
import { inspectArchiving } from '../src/postgres/archiving/inspect-archiving.js';
import {
  isArchiverStuck,
  notArchived,
  requireArchiving,
} from '../src/postgres/archiving/require-archiving.js';
import { switchSegment } from '../src/postgres/archiving/switch-segment.js';
import { withMaintenanceConnection } from '../src/postgres/connection.js';
import { readSlots } from '../src/postgres/streaming/inspect-streaming.js';
import { expireArchive } from '../src/repository/expire-archive.js';
import { awaitArchived } from '../src/repository/local/wal/await-archived.js';
import { compressArchive } from '../src/repository/local/wal/compress-archive.js';
import { lastTold } from '../src/repository/local/wal/last-told.js';
import { removeAbandonedWal } from '../src/repository/local/wal/remove-abandoned.js';
import { verifyArchive } from '../src/repository/local/wal/verify-archive.js';
import { writeWhole } from '../src/repository/local/write-whole.js';
import { type ClusterStep, loggedCycle, placesOf } from './cluster-step.js';
import type { ActivityDeps } from './deps.js';
import { requireOneCluster } from './one-cluster.js';

/** How long an archiver that works may take for one segment. */
const archivedWithinMs = 5 * 60 * 1000;

/** Ids told of what retention removed; the rest is only counted. */
const expiredTold = 20;

/** A step that knows the server. */
export interface ArchiveStep extends ClusterStep {
  state: ArchivingState;
}

/** Steps that look after a cluster's archive. */
export function createWalActivities(deps: ActivityDeps) {
  return {
    /** Finds out whether the server archives here at all, and that the archive is its own. */
    async inspectArchiving(step: ClusterStep): Promise<ArchivingState> {
      return loggedCycle(deps, step, 'inspect', async (log) => {
        const { cluster, layout, bases } = placesOf(deps, step.cluster);
        const { facts, slot } = await withMaintenanceConnection(cluster.connection, async (client) => ({
          facts: await inspectArchiving(client),
          slot: (await readSlots(client, slotName(cluster.name, cluster.host)))[0],
        }));
        const warnings = requireArchiving(step.cluster, facts, archiveCommand(layout.incremental), slot);
        await bases.prepare();
        await requireOneCluster(step.cluster, bases, facts.systemIdentifier);
        const { systemIdentifier, timeline, segmentSizeBytes, inRecovery } = facts;
        log.info({ systemIdentifier, timeline, archiver: facts.archiver }, 'the server archives');
        const serverMajor = Math.floor(facts.serverVersionNum / 10_000);
        const told = await lastTold(layout.metadata);
        const { alertReminderHours: reminderHours } = cluster;
        const server = { systemIdentifier, serverMajor, timeline, segmentSizeBytes, inRecovery };
        return { ...server, told, reminderHours, warnings };
      });
    },

    /** Has the server complete its current segment, where there is anything in it. */
    async switchSegment(step: ClusterStep): Promise<string> {
      return loggedCycle(deps, step, 'switch', async () =>
        withMaintenanceConnection(placesOf(deps, step.cluster).cluster.connection, switchSegment),
      );
    },

    /** Waits for the segment to be in the archive; gives how long. */
    async awaitArchived(step: ClusterStep & { segment: string }): Promise<number> {
      return loggedCycle(deps, step, 'await archived', async () => {
        const { cluster, layout } = placesOf(deps, step.cluster);
        const look = () => withMaintenanceConnection(cluster.connection, inspectArchiving);
        const since = performance.now();
        // A server that is away meanwhile has archived what it has.
        const before = await look().catch(() => undefined);
        const options = {
          ...{ timeoutMs: archivedWithinMs, signal: cancellationSignal() },
          segmentSizeBytes: before?.segmentSizeBytes,
          isInVain: async () => (before ? isArchivingInVain(cluster, before.archiver) : false),
        };
        const isThere = await awaitArchived(layout, step.segment, options);
        const waitedMs = Math.round(performance.now() - since);
        if (isThere) return waitedMs;
        throw notArchived(step.segment, layout.wal, { archiver: (await look()).archiver, waitedMs });
      });
    },

    /** Verifies headers, sizes and that no segment is missing. What is wrong is in the report. */
    async verifyArchive({ state, ...step }: ArchiveStep): Promise<ArchiveReport> {
      return loggedCycle(deps, step, 'verify archive', async (log) => {
        const { layout, bases } = placesOf(deps, step.cluster);
        const kept = (await bases.list()).bases.map((base) => ({
          timeline: base.timeline,
          startLsn: positionOf(base.startLsn),
          consistentAt: base.stoppedAt,
        }));
        const report = await verifyArchive({
          layout,
          owner: ownerOf(state),
          currentTimeline: state.timeline,
          bases: kept,
          signal: cancellationSignal(),
        });
        log.info({ report }, `${report.segments} segments verified`);
        return report;
      });
    },

    /** Compresses the segments that were verified; each beats. */
    async compressArchive({ state, ...step }: ArchiveStep): Promise<CompressedSegments> {
      return loggedCycle(deps, step, 'compress', async (log) => {
        const { layout } = placesOf(deps, step.cluster);
        const compressed = await compressArchive({
          layout,
          owner: ownerOf(state),
          signal: cancellationSignal(),
          onProgress: () => heartbeat(),
        });
        log.info(compressed, `${compressed.segments} segments compressed`);
        return compressed;
      });
    },

    /** Removes base backups and WAL that no point within the window needs. */
    async expireArchive({ state, ...step }: ArchiveStep): Promise<ExpiredArchive & { warnings: string[] }> {
      return loggedCycle(deps, step, 'expire', async (log) => {
        const { cluster, layout, bases } = placesOf(deps, step.cluster);
        const { walRetentionDays } = cluster;
        const expired = await expireArchive({
          ...{ bases, layout, walRetentionDays, signal: cancellationSignal(), now: new Date() },
          systemIdentifier: state.systemIdentifier,
          segmentSizeBytes: state.segmentSizeBytes,
        });
        for (const { id, because } of expired.bases)
          log.info({ baseBackup: id }, `expired ${id}: ${because}`);
        const { segmentCount, freedBytes, warnings } = expired;
        log.info({ segmentCount, freedBytes }, `removed ${segmentCount} segments`);
        return {
          bases: expired.bases.slice(0, expiredTold).map(({ id }) => id),
          baseCount: expired.bases.length,
          ...{ segmentCount, freedBytes, warnings },
        };
      });
    },

    /** Writes what the cycle did and found beside the archive; gives the file's path. */
    async recordCycle(step: ClusterStep & { result: WalCycleResult }): Promise<string> {
      return loggedCycle(deps, step, 'record', async () => {
        const { metadata } = placesOf(deps, step.cluster).layout;
        const path = join(metadata, `wal_${formatTimestamp(new Date(step.startedAt))}.json`);
        const record = { format_version: 1, started_at: step.startedAt, ...step.result };
        await writeWhole(path, `${JSON.stringify(record, undefined, 2)}\n`);
        return path;
      });
    },

    /** Removes what this run has left of a base backup under a partial name, and what others of long ago have. */
    async cleanUpBases({ cluster, runId, before }: { cluster: string; runId: string; before: string }) {
      const { bases, layout } = placesOf(deps, cluster);
      await bases.removePartials(runId);
      await bases.removeAbandonedPartials(new Date(before));
      await removeAbandonedWal(layout, new Date(before));
    },
  };
}

function ownerOf({ serverMajor, systemIdentifier, segmentSizeBytes }: ArchivingState) {
  return { serverMajor, systemIdentifier, segmentSizeBytes };
}

/** Whether the archiver fails and no stream is there to bring what it does not. */
async function isArchivingInVain(
  { name, host, connection }: ClusterConfig,
  before: ArchiverFacts,
): Promise<boolean> {
  try {
    return await withMaintenanceConnection(connection, async (client) => {
      const { archiver } = await inspectArchiving(client);
      if (!isArchiverStuck(before, archiver)) return false;
      const [slot] = await readSlots(client, slotName(name, host));
      return !slot?.isActive;
    });
  } catch {
    return false;
  }
}
