import type { ToldArchive } from './archive-news.js';
import type { ArchiveReport } from './archive-report.js';
import type { BaseBackupSummary } from './base-backup.js';

/** The id under which a cluster's WAL is looked after: one cycle at a time. */
export function walCycleWorkflowId(cluster: string): string {
  return `wal-cycle/${cluster}`;
}

export interface WalCycleInput {
  cluster: string;
  /** Queue of the host that has the archive. */
  hostQueue: string;
  /** Who asked, as `user@host`, or the schedule's id. */
  requester: string;
  /** Fingerprint of the server and repository that is meant; absent where only the worker's settings count. */
  place?: string;
  /** Take a base backup although none is due. @defaultValue false */
  forceBase?: boolean;
  /** Leave the server's current segment as it is. @defaultValue false */
  noSwitch?: boolean;
  /** A base backup that makes no progress for this long is given up and begun anew. */
  stallTimeoutSeconds: number;
}

/** The server and its archive at the beginning of a cycle. */
export interface ArchivingState {
  systemIdentifier: string;
  serverMajor: number;
  timeline: number;
  segmentSizeBytes: number;
  /** A standby writes no WAL of its own: there is nothing to switch. */
  inRecovery: boolean;
  /** What the last cycle told of the archive; null: nothing. */
  told?: ToldArchive | null;
  /** Hours after which it is told again. @defaultValue 24 */
  reminderHours?: number;
  warnings: string[];
}

/** What a compression of the archive did. */
export interface CompressedSegments {
  segments: number;
  bytesBefore: number;
  bytesAfter: number;
}

/** What retention removed. */
export interface ExpiredArchive {
  /** Ids of base backups, the first twenty. */
  bases: string[];
  baseCount: number;
  segmentCount: number;
  freedBytes: number;
}

export interface WalCycleResult {
  cluster: string;
  systemIdentifier: string;
  timeline: number;
  /** The segment that was awaited in the archive; null where none was. */
  awaited: string | null;
  awaitedMs: number;
  archive: ArchiveReport;
  compressed: CompressedSegments;
  /** The base backup that was taken, and why; null where none was due. */
  base: { backup: BaseBackupSummary; because: string } | null;
  expired: ExpiredArchive;
  /** Full path of the record of this cycle on its host; null where it could not be written. */
  recordPath: string | null;
  /** What was told of an archive that is not whole, for the next cycle; null of one that is. */
  told: ToldArchive | null;
  warnings: string[];
}

export type WalCycleStep =
  | 'inspect'
  | 'switch'
  | 'await archived'
  | 'verify archive'
  | 'base backup'
  | 'expire'
  | 'compress'
  | 'record'
  | 'done';

/** What a running cycle tells of itself. */
export interface WalCycleStatus {
  step: WalCycleStep;
  timeline?: number;
  awaited?: string;
  segments?: number;
  gaps?: number;
  base?: string;
}
