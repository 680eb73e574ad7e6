import { join } from 'node:path';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { formatTimestamp } from '../src/domain/backup/names.js';
import type { ArchiveReport } from '../src/domain/wal/archive-report.js';
import { positionOf } from '../src/domain/wal/base-backup.js';
import type {
  ArchivingState,
  CompressedSegments,
  ExpiredArchive,
  WalCycleResult,
} from '../src/domain/wal/contracts.js';
import { writeWhole } from '../src/files/write-whole.js';
import type { Logger } from '../src/log.js';
import { expireArchive } from '../src/repository/expire-archive.js';
import { compressArchive } from '../src/repository/local/wal/compress-archive.js';
import { removeAbandonedWal } from '../src/repository/local/wal/remove-abandoned.js';
import { verifyArchive } from '../src/repository/local/wal/verify-archive.js';
import { type ClusterPlaces, type ClusterStep, loggedCycle, placesOf } from './cluster-step.js';
import type { ActivityDeps } from './deps.js';

/** Ids told of what retention removed; the rest is only counted. */
const expiredTold = 20;

/** A step that knows the server. */
export interface ArchiveStep extends ClusterStep {
  state: ArchivingState;
}

type ToldExpiry = ExpiredArchive & { warnings: string[] };

/** Steps that look after a cluster's archive. */
export function createWalActivities(deps: ActivityDeps) {
  /** One step in the cycle's log, which works on the archive. */
  const onArchive = <T>(
    step: ClusterStep,
    name: string,
    act: (places: ClusterPlaces, log: Logger) => Promise<T>,
  ) => loggedCycle(deps, step, name, (log) => act(placesOf(deps, step.cluster), log));
  return {
    /** Verifies headers, sizes and that no segment is missing. What is wrong is in the report. */
    async verifyArchive({ state, ...step }: ArchiveStep): Promise<ArchiveReport> {
      return onArchive(step, 'verify archive', (places, log) => verify(places, state, log));
    },

    /** Compresses the segments that were verified; each beats. */
    async compressArchive({ state, ...step }: ArchiveStep): Promise<CompressedSegments> {
      return onArchive(step, 'compress', (places, log) => compress(places, state, log));
    },

    /** Removes base backups and WAL that no point within the window needs. */
    async expireArchive({ state, ...step }: ArchiveStep): Promise<ToldExpiry> {
      return onArchive(step, 'expire', (places, log) => expire(places, state, log));
    },

    /** Writes what the cycle did and found beside the archive; gives the file's path. */
    async recordCycle({ result, ...step }: ClusterStep & { result: WalCycleResult }): Promise<string> {
      return onArchive(step, 'record', ({ layout }) => record(layout.metadata, step.startedAt, result));
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

async function verify(
  { layout, bases }: ClusterPlaces,
  state: ArchivingState,
  log: Logger,
): Promise<ArchiveReport> {
  const kept = (await bases.list()).bases.map((base) => ({
    timeline: base.timeline,
    startLsn: positionOf(base.startLsn),
    consistentAt: base.stoppedAt,
  }));
  const report = await verifyArchive({
    ...{ layout, owner: ownerOf(state), currentTimeline: state.timeline, bases: kept },
    signal: cancellationSignal(),
  });
  log.info({ report }, `${report.segments} segments verified`);
  return report;
}

async function compress(
  { layout }: ClusterPlaces,
  state: ArchivingState,
  log: Logger,
): Promise<CompressedSegments> {
  const compressed = await compressArchive({
    ...{ layout, owner: ownerOf(state), signal: cancellationSignal() },
    onProgress: () => heartbeat(),
  });
  log.info(compressed, `${compressed.segments} segments compressed`);
  return compressed;
}

async function expire(
  { cluster: { walRetentionDays }, layout, bases }: ClusterPlaces,
  { systemIdentifier, segmentSizeBytes }: ArchivingState,
  log: Logger,
): Promise<ToldExpiry> {
  const expired = await expireArchive({
    ...{ bases, layout, walRetentionDays, systemIdentifier, segmentSizeBytes },
    ...{ signal: cancellationSignal(), now: new Date() },
  });
  for (const { id, because } of expired.bases) log.info({ baseBackup: id }, `expired ${id}: ${because}`);
  const { segmentCount, freedBytes, warnings } = expired;
  log.info({ segmentCount, freedBytes }, `removed ${segmentCount} segments`);
  return {
    bases: expired.bases.slice(0, expiredTold).map(({ id }) => id),
    baseCount: expired.bases.length,
    ...{ segmentCount, freedBytes, warnings },
  };
}

async function record(folder: string, startedAt: string, result: WalCycleResult): Promise<string> {
  const path = join(folder, `wal_${formatTimestamp(new Date(startedAt))}.json`);
  const written = { format_version: 1, started_at: startedAt, ...result };
  await writeWhole(path, `${JSON.stringify(written, undefined, 2)}\n`);
  return path;
}

function ownerOf({ serverMajor, systemIdentifier, segmentSizeBytes }: ArchivingState) {
  return { serverMajor, systemIdentifier, segmentSizeBytes };
}
