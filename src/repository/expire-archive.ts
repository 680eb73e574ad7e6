import type { RetentionDecision } from '../domain/backup/retention.js';
import { HoldfastError } from '../domain/errors.js';
import { type ArchivedTimeline, planBaseRetention } from '../domain/wal/base-retention.js';
import { firstTimeline } from '../domain/wal/timeline-history.js';
import type { BaseRepository } from './base/base-repository.js';
import { describeLease } from './lease.js';
import { expireSegments } from './local/wal/expire-segments.js';
import { readArchive } from './local/wal/read-archive.js';
import type { WalLayout } from './local/wal/wal-layout.js';

export interface ExpireArchiveRequest {
  bases: BaseRepository;
  layout: WalLayout;
  systemIdentifier: string;
  segmentSizeBytes: number;
  walRetentionDays: number;
  now: Date;
  signal: AbortSignal;
}

/** What was removed, and why; and what was left although it may not be needed. */
export interface ArchiveExpiry {
  bases: RetentionDecision[];
  segmentCount: number;
  freedBytes: number;
  warnings: string[];
}

/**
 * Removes base backups and WAL that no point of the window needs. First the base backups; then the WAL, by what is left
 * of them: one that a restore began to read meanwhile stays, and so does its WAL.
 */
export async function expireArchive(request: ExpireArchiveRequest): Promise<ArchiveExpiry> {
  const { bases, layout, segmentSizeBytes } = request;
  const expired: RetentionDecision[] = [];
  const timelines = await archivedTimelines(request);
  for (const decision of (await plan(request, timelines)).expire.toReversed())
    if (await removeUnlessRead(bases, decision.id)) expired.push(decision);
  const left = await plan(request, timelines);
  if (left.broken.length > 0) {
    const warnings = [
      `no WAL was removed, since what the damaged base backup ${left.broken[0]} needs is not known: repair it, or \`holdfast remove\` it`,
    ];
    return { bases: expired, segmentCount: 0, freedBytes: 0, warnings };
  }
  return { bases: expired, ...(await expireSegments(layout, left.wal, segmentSizeBytes)), warnings: [] };
}

async function plan(request: ExpireArchiveRequest, timelines: readonly ArchivedTimeline[]) {
  const { bases: repository, systemIdentifier, walRetentionDays, now } = request;
  const { bases, broken } = await repository.list();
  const leases = await repository.leases();
  const planned = planBaseRetention({
    bases: bases.filter((base) => base.systemIdentifier === systemIdentifier),
    readers: new Map(leases.map((lease) => [lease.backupId, describeLease(lease)])),
    ...{ timelines, now, walRetentionDays },
  });
  return { ...planned, broken: broken.map(({ id }) => id) };
}

async function archivedTimelines(request: ExpireArchiveRequest): Promise<ArchivedTimeline[]> {
  const { layout, segmentSizeBytes, signal } = request;
  const { files, histories } = await readArchive(layout, segmentSizeBytes, signal);
  const newest = new Map<number, number | undefined>();
  for (const file of files) {
    const timeline = file.kind === 'history' ? file.timeline : file.segment.timeline;
    const writtenAtMs = file.kind === 'segment' ? file.writtenAtMs : undefined;
    const known = newest.get(timeline);
    newest.set(timeline, Math.max(known ?? 0, writtenAtMs ?? 0) || undefined);
  }
  return [...newest].map(([timeline, writtenAtMs]) => ({
    timeline,
    history: histories.get(timeline) ?? (timeline === 1 ? firstTimeline() : undefined),
    ...(writtenAtMs !== undefined && { lastArchivedAt: new Date(writtenAtMs).toISOString() }),
  }));
}

async function removeUnlessRead(repository: BaseRepository, id: string): Promise<boolean> {
  try {
    return await repository.remove(id);
  } catch (error) {
    if (error instanceof HoldfastError && error.type === 'BackupInUse') return false;
    throw error;
  }
}
