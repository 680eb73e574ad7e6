import { HoldfastError } from '../domain/errors.js';
import type { ArchivingServerFacts, WalFacts } from '../domain/health/facts.js';
import { archiveCommand } from '../domain/wal/archive-command.js';
import type { ArchivingFacts } from '../domain/wal/archiving.js';
import { otherCluster } from '../domain/wal/other-cluster.js';
import { recoverableWindow } from '../domain/wal/recoverable-window.js';
import { parseLsn } from '../domain/wal/wal-position.js';
import { parseSegmentName, segmentNumberOf, segmentStart } from '../domain/wal/wal-segment.js';
import { isFolder } from '../files/real-file.js';
import { baseRepository } from '../repository/base/base-repository.js';
import { listArchive } from '../repository/local/wal/list-archive.js';
import { type WalLayout, walLayout } from '../repository/local/wal/wal-layout.js';
import { lookAtArchive } from '../repository/look-at-archive.js';

/** PostgreSQL's own default, where no base backup says otherwise. */
const usualSegmentBytes = 16 * 1024 * 1024;

const unknown: WalFacts = {
  ...{ unknownBecause: '', hasBase: false, newestWrittenAt: null, gaps: 0, firstGap: '', needsBase: false },
  ...{ flawCount: 0, firstFlaw: '', server: null, baseCount: 0, newestBaseAt: null, recoverable: null },
};

/** What is known of a cluster's WAL archive; null where there is none. `server` is null where it was not asked. */
export async function walFacts(
  root: string,
  cluster: string,
  server: ArchivingFacts | null,
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<WalFacts | null> {
  const layout = walLayout(root);
  try {
    if (!(await isFolder(layout.wal))) return server && whereMissing(layout, server);
    const { bases } = await baseRepository(root, cluster).list();
    const [newest] = bases;
    if (!newest)
      return { ...unknown, ...(await withoutBase(layout)), server: server && serverFacts(server, null, 0) };
    const ofCluster = bases.filter((base) => base.systemIdentifier === newest.systemIdentifier);
    const seen = await lookAtArchive({ layout, newest, bases: ofCluster, timeline: 'latest', signal });
    const { gaps, damaged, foreign, needsBase, newestWrittenAt } = seen.report;
    const [gap, flaw] = [gaps.items[0], damaged.items[0] ?? foreign.items[0]];
    const window = recoverableWindow({ bases: ofCluster, ...seen, now });
    const other = server && otherCluster(bases, server.systemIdentifier);
    return {
      ...{ unknownBecause: '', hasBase: true, newestWrittenAt, needsBase },
      ...{ baseCount: bases.length, newestBaseAt: newest.stoppedAt },
      recoverable: window && { from: window.from, to: window.to },
      gaps: gaps.total,
      firstGap: gap ? `${gap.firstMissing} to ${gap.lastMissing}` : '',
      flawCount: damaged.total + foreign.total,
      firstFlaw: flaw ? `${flaw.file}: ${flaw.why}` : '',
      server: server && {
        ...serverFacts(server, seen.report.newest, newest.walSegmentSizeBytes),
        ...(other && { other }),
      },
    };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.type === 'Cancelled') throw error;
    return { ...unknown, unknownBecause: error.message };
  }
}

/** A folder that is not there is missing where the server archives into it: its disk may not be mounted. */
function whereMissing({ wal, incremental }: WalLayout, server: ArchivingFacts): WalFacts | null {
  const { archive_mode, archive_command } = server.settings;
  if (archive_mode.now === 'off' || archive_command.now !== archiveCommand(incremental)) return null;
  return { ...unknown, unknownBecause: `there is no folder ${wal}, into which the server archives` };
}

/** Whose segments they are is not known: only that something arrives. */
async function withoutBase(layout: WalLayout): Promise<Partial<WalFacts>> {
  const { files } = await listArchive(layout, usualSegmentBytes);
  const times = files.filter(({ kind }) => kind === 'segment').map(({ writtenAtMs }) => writtenAtMs);
  if (times.length === 0) return {};
  return { newestWrittenAt: new Date(times.reduce((a, b) => Math.max(a, b))).toISOString() };
}

function serverFacts(
  facts: ArchivingFacts,
  newest: string | null,
  segmentSizeBytes: number,
): ArchivingServerFacts {
  const { archive_mode, archive_command, archive_library } = facts.settings;
  const archives =
    archive_mode.now !== 'off' && (archive_command.now !== '' || (archive_library?.now ?? '') !== '');
  const { lastFailedFile, lastFailedAt, lastArchivedAt } = facts.archiver;
  const fails = lastFailedAt !== null && (lastArchivedAt === null || lastFailedAt > lastArchivedAt);
  return {
    archives,
    failing: fails ? { file: lastFailedFile ?? 'a segment', at: lastFailedAt } : null,
    ...behind(facts, newest, segmentSizeBytes),
  };
}

/** How far the archive is behind the server; nothing where they can't be compared, as on a standby. */
function behind(facts: ArchivingFacts, newest: string | null, segmentSizeBytes: number) {
  const archived = newest === null ? undefined : parseSegmentName(newest, segmentSizeBytes);
  const current = parseLsn(facts.currentLsn);
  if (!archived || current === undefined || facts.inRecovery || archived.timeline !== facts.timeline)
    return { waiting: 0, openBytes: Number.MAX_SAFE_INTEGER };
  const number = segmentNumberOf(current, segmentSizeBytes);
  return {
    waiting: Math.max(0, number - archived.number - 1),
    openBytes: Number(current - segmentStart(number, segmentSizeBytes)),
  };
}
