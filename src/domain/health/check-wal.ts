import { counted } from '../counts.js';
import { duration } from '../durations.js';
import type { HealthFacts, WalFacts } from './facts.js';
import type { Finding } from './finding.js';
import { nothingToJudge, ofCluster } from './unjudged.js';

/** What a server writes by itself while nobody uses it: a checkpoint, a snapshot of running transactions. */
const idleBytes = 64 * 1024;

type Verdict = Pick<Finding, 'state' | 'message' | 'remedy'>;

/** Whether WAL arrives in the archive, and none is missing there. */
export function checkWal(facts: HealthFacts): Finding {
  const { wal, settings, observedAt } = facts;
  const threshold = `archived without failure or gap, the newest at most ${settings.maxWalAgeHours} hours old`;
  const finding = ofCluster('wal_archive', facts, threshold);
  if (!wal) return nothingToJudge(finding, 'no WAL is archived');
  const ageSeconds = wal.newestWrittenAt
    ? Math.max(0, Date.parse(observedAt) - Date.parse(wal.newestWrittenAt)) / 1000
    : null;
  const verdict =
    ofServer(wal) ??
    ofContent(wal) ??
    ofAge(wal, ageSeconds, settings.maxWalAgeHours) ??
    fine(wal, ageSeconds);
  const metrics = {
    wal_gaps: wal.gaps,
    ...(ageSeconds !== null && { wal_age_hours: Math.round(ageSeconds / 36) / 100 }),
  };
  return { ...finding, ...verdict, metrics };
}

function ofServer({ server }: WalFacts): Verdict | undefined {
  if (server?.other) return { state: 'critical', message: server.other.cause, remedy: server.other.remedy };
  if (server && !server.archives) {
    const remedy = 'run `holdfast wal setup`, which tells what the server lacks';
    return {
      state: 'critical',
      message: 'the server has stopped to archive: archive_mode or archive_command is not set',
      remedy,
    };
  }
  if (!server?.failing) return undefined;
  const { file, at } = server.failing;
  const remedy =
    "see the server's log for what its archive_command says; it keeps WAL until its disk is full";
  return { state: 'critical', message: `the archiver fails with ${file}, last at ${at}`, remedy };
}

function ofContent(wal: WalFacts): Verdict | undefined {
  const { unknownBecause, gaps, firstGap, needsBase, flawCount, firstFlaw, hasBase } = wal;
  if (unknownBecause !== '') {
    const message = `the archive can't be looked at: ${unknownBecause}`;
    return { state: 'critical', message, remedy: 'look at the folder incremental/ of the repository' };
  }
  const gap = gaps > 0 ? `${counted(gaps, 'gap')}, the first from ${firstGap}` : undefined;
  const flaw =
    flawCount > 0 ? `${flawCount} damaged or of another cluster, the first ${firstFlaw}` : undefined;
  const message = `the archive is not whole: ${[gap, flaw].filter(Boolean).join('; ')}`;
  const remedy = 'run `holdfast wal`: it names what is missing, and takes a new base backup';
  if (flaw !== undefined || (gap !== undefined && needsBase)) return { state: 'critical', message, remedy };
  // A base backup was taken since: what is lost is lost, what follows can be recovered to.
  if (gap !== undefined)
    return {
      state: 'warning',
      message: `${message}; a base backup after it makes what follows recoverable`,
      remedy,
    };
  if (hasBase) return undefined;
  return {
    state: 'warning',
    message: 'WAL is archived, but there is no base backup to recover from',
    remedy: 'run `holdfast wal`, which takes one',
  };
}

function ofAge({ server }: WalFacts, ageSeconds: number | null, maxHours: number): Verdict | undefined {
  const remedy = 'see that `holdfast wal` runs every hour, and what `pg_stat_archiver` says';
  if (ageSeconds === null) return { state: 'critical', message: 'the archive has no segment', remedy };
  if (ageSeconds <= maxHours * 3600) return undefined;
  const message = `the newest archived WAL was written ${duration(ageSeconds)} ago`;
  if (!server || server.waiting > 0) {
    const waiting = server ? `; ${counted(server.waiting, 'complete segment')} not archived` : '';
    return { state: 'critical', message: `${message}${waiting}`, remedy };
  }
  // All that is complete is archived: at stake is the segment that is not complete yet.
  return server.openBytes <= idleBytes ? undefined : { state: 'warning', message, remedy };
}

function fine({ server }: WalFacts, ageSeconds: number | null): Verdict {
  const age = ageSeconds === null ? 'never' : `${duration(ageSeconds)} ago`;
  const asked = server ? '' : '; the server was not asked';
  return { state: 'ok', message: `no gap; the newest was written ${age}${asked}`, remedy: '' };
}
