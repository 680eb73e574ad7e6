import { bytes } from '../sizes.js';
import type { ArchiverFacts, SettingPlan } from '../wal/archiving.js';
import type { OtherCluster } from '../wal/other-cluster.js';
import { idleSlotWarnings, isOwnSlot, keepSizeWarning, type SlotFacts } from '../wal/replication-slot.js';
import { type Diagnosis, diagnosis, doubtful, failing, fine, unneeded, type Verdict } from './diagnosis.js';
import { recommendedKeepBytes, type WalRate } from './recommend-keep-size.js';

/** Seconds by which clocks may differ without anybody minding. */
const toleratedSeconds = 5;

/** Whether this machine and the server agree on the time. `offsetSeconds`: the server's less ours. */
export function judgeClock(cluster: string, offsetSeconds: number): Diagnosis {
  const apart = Math.abs(offsetSeconds);
  if (apart <= toleratedSeconds)
    return diagnosis(
      'clock',
      cluster,
      fine(`the server's and this machine's agree within ${toleratedSeconds} s`),
    );
  const side = offsetSeconds > 0 ? 'ahead of' : 'behind';
  return diagnosis(
    'clock',
    cluster,
    doubtful(
      `the server's is ${Math.round(apart)} s ${side} this machine's: a time to restore to means another instant here`,
      'timedatectl set-ntp true    # as root, on whichever of the two is wrong',
    ),
  );
}

/** Archiving as the server and the archive have it. */
export interface ArchivingSight {
  /** Against Holdfast's own command. */
  plans: readonly SettingPlan[];
  archiver: ArchiverFacts;
  /** Whether the repository has a WAL archive. */
  hasArchive: boolean;
  /** Whether the archive's script is there and this Holdfast's. */
  isScriptCurrent: boolean;
  /** Whether somebody streams by a slot of Holdfast's. */
  isStreamed: boolean;
  inRecovery: boolean;
  /** Where the archive has base backups of another cluster, what stands against archiving there. */
  other: OtherCluster | undefined;
}

/** Whether the server's WAL arrives. */
export function judgeArchiving(cluster: string, sight: ArchivingSight): Diagnosis {
  return diagnosis('archiving', cluster, archivingVerdict(cluster, sight));
}

function archivingVerdict(cluster: string, sight: ArchivingSight): Verdict {
  const { plans, archiver, hasArchive, isStreamed, other } = sight;
  if (other) return failing('ArchivingRefused', other.cause, other.remedy);
  const setup = `holdfast wal setup ${cluster}`;
  const wrong = plans.filter(({ state }) => state !== 'fine');
  const failed = failure(archiver);
  const [first] = wrong;
  if (first === undefined && failed !== undefined)
    return failing(
      'ArchivingBehind',
      failed,
      `${setup}    # and what the server's log says of its archive_command`,
    );
  if (first === undefined) {
    if (!sight.isScriptCurrent)
      return doubtful("the archive's script is missing or of another Holdfast", `${setup} --apply`);
    return fine(
      `archived ${archiver.archivedCount}, the last ${archiver.lastArchivedFile ?? 'none yet'}${at(archiver.lastArchivedAt)}`,
    );
  }
  if (isStreamed) return fine("WAL is streamed; the server's own archiving is not Holdfast's");
  const seen = wrong.map(({ name, now }) => `${name} is ${now === '' ? 'empty' : now}`).join(', ');
  const archives = plans.every(({ name, state }) => name === 'archive_command' || state === 'fine');
  if (archives && first.state === 'foreign')
    return doubtful(`the server archives by another command: ${seen}${failed ? `; ${failed}` : ''}`, setup);
  if (first.state === 'restart')
    return doubtful(`${seen}: set, and in force after a restart`, 'restart the server');
  const found = `the server archives no WAL (${seen}): between two backups nothing can be brought back`;
  return hasArchive
    ? failing('ArchivingRefused', `${found}, though there is an archive`, `${setup} --apply`)
    : unneeded(found, `${setup} --apply    # or: holdfast wal stream ${cluster}`);
}

function failure({
  lastFailedAt,
  lastFailedFile,
  lastArchivedAt,
  failedCount,
}: ArchiverFacts): string | undefined {
  if (lastFailedAt === null || (lastArchivedAt !== null && lastArchivedAt >= lastFailedAt)) return undefined;
  return `the archiver fails: ${failedCount} times, the last with ${lastFailedFile ?? 'a segment'}${at(lastFailedAt)}`;
}

function at(time: string | null): string {
  return time === null ? '' : ` at ${time.slice(0, 19).replace('T', ' ')} UTC`;
}

/** Replication slots, and what they may make the server keep. */
export interface SlotSight extends WalRate {
  /** `max_slot_wal_keep_size`; null for no limit. */
  maxKeptBytes: number | null;
  slots: readonly SlotFacts[];
}

/** Whether slots lose no WAL, and can't fill the server's disk. */
export function judgeSlots(cluster: string, sight: SlotSight): Diagnosis {
  return diagnosis('replication slots', cluster, slotVerdict(cluster, sight));
}

function slotVerdict(cluster: string, sight: SlotSight): Verdict {
  const { slots, maxKeptBytes } = sight;
  const ours = slots.filter(({ name }) => isOwnSlot(name));
  const recommended = recommendedKeepBytes(sight);
  const setting = [
    `ALTER SYSTEM SET max_slot_wal_keep_size = '${recommended.text}';  -- ${recommended.because}`,
    'SELECT pg_reload_conf();',
  ].join('\n');
  const lost = ours.find(({ walStatus }) => walStatus === 'lost');
  if (lost)
    return failing(
      'SlotLost',
      `the server has removed WAL that ${lost.name} still needed`,
      `holdfast wal stream ${cluster}    # makes it anew, and takes a base backup\n${setting}`,
    );
  if (ours.length === 0) {
    const others = slots.length > 0 ? `, ${slots.length} of others` : '';
    return unneeded(
      `none of Holdfast's${others}`,
      maxKeptBytes === null ? `before streaming:\n${setting}` : '',
    );
  }
  const [idle] = idleSlotWarnings(ours);
  if (idle !== undefined) return doubtful(idle, `holdfast wal stream ${cluster}\n${setting}`);
  const limit = keepSizeWarning(maxKeptBytes);
  if (limit !== undefined) return doubtful(limit, setting);
  const kept = Math.max(...ours.map(({ keptBytes }) => keptBytes));
  return fine(`${ours.length} in use, ${bytes(kept)} kept of ${bytes(maxKeptBytes ?? 0)} at most`);
}
