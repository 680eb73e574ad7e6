import type { RecoveryTarget } from '../recovery/target.js';
import { gb } from '../sizes.js';

/**
 * - drill: a restore done to prove that it can be; nothing that serves is touched
 * - scratch database: the one a drill restores to, and drops
 */

/** The id under which a cluster's backups are drilled: one drill at a time. */
export function drillWorkflowId(cluster: string): string {
  return `drill/${cluster}`;
}

export interface DrillInput {
  cluster: string;
  /** Queue of the host that has the repository. */
  hostQueue: string;
  /** Who asked, as `user@host`, or the schedule's id. */
  requester: string;
  /** Fingerprint of the server and repository that is meant; absent where only the worker's settings count. */
  place?: string;
  /** A step that makes no progress for this long is given up and begun anew. */
  stallTimeoutSeconds: number;
  /** Only these databases, whatever the settings leave out; absent: all that have a backup. */
  databases?: string[];
  /** Whether a point in time is recovered. @defaultValue as the settings say, and not where databases are named */
  pointInTime?: boolean;
  /** The point in time; one that surely can't be reached is refused. @defaultValue all that is archived */
  target?: RecoveryTarget;
  /** Databases after which a new run takes over, so that no history grows without bound. @defaultValue 25 */
  databasesPerRun?: number;
  /** What earlier runs of the same drill did. */
  carried?: CarriedDrill;
}

/** How long the parts of a restore took. */
export interface DrillSeconds {
  /** Reading and verifying the backup; of a recovery, finding a way. */
  verify: number;
  /** Loading it; of a recovery, unpacking and replay. */
  load: number;
  prove: number;
  /** From the first step to the proof. */
  total: number;
}

/** One restore that was tried. */
export interface DrillOutcome {
  /** Null: a point in time of the whole cluster. */
  database: string | null;
  /** Cluster on whose server it was; of a recovery, the cluster itself. */
  on: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Null where it is proven. */
  error: { type: string; message: string; remedy?: string } | null;
  /** Null where none was found. */
  backup: DrilledBackup | null;
  /** Null where it was not proven. */
  proof: DrillProof | null;
  seconds: DrillSeconds;
  /** Of the restored database or cluster, each GB (1024³ bytes) of it; null where it was not proven or is empty. */
  secondsPerGb: number | null;
  warnings: string[];
}

export interface DrilledBackup {
  id: string;
  /** ISO 8601, UTC. */
  takenAt: string;
  ageSeconds: number;
  /** Of the stored files. */
  sizeBytes: number;
}

/** What was found in what was restored. */
export interface DrillProof {
  /** Of the restored database, or the unpacked cluster. */
  sizeBytes: number;
  tables: number;
  /** Every table's, counted; null of a recovery, which knows estimates only. */
  rows: number | null;
  /** The user's assertions, all of which hold. */
  assertions: number;
  /** Of a recovery: databases that are in it, how far it came, and to what it was asked to come, in words. */
  recovered?: {
    databases: number;
    segments: number;
    replayedTo: string | null;
    stopReason: string;
    target: string;
  };
}

/** What all restores of a drill took together. */
export interface DrillTotals {
  /** Restores that were tried, a point in time among them. */
  drilled: number;
  failed: number;
  /** Of databases that were proven, and the time that it took. */
  sizeBytes: number;
  seconds: number;
}

export interface CarriedDrill {
  /** When the drill began, ISO 8601, and its first run: they name its report. */
  startedAt: string;
  runId: string;
  /** The last database that was drilled. */
  after: string | null;
  totals: DrillTotals;
  /** The first ones, and all that failed, as far as a message holds them. */
  outcomes: DrillOutcome[];
  warnings: string[];
  tellings: DrillTellings;
}

/** What an alert has to tell at the end. */
export interface DrillTellings {
  /** Each failure in a line; the first twenty. */
  failed: string[];
  /** What had failed the time before, and is proven again; the first twenty. */
  recovered: string[];
}

export interface DrillResult {
  cluster: string;
  requester: string;
  startedAt: string;
  totals: DrillTotals;
  /** The first fifty, and what failed; all of them are in the report. */
  outcomes: DrillOutcome[];
  /** Why no point in time was recovered; null where one was tried, or nobody asked for it. */
  noPointInTimeBecause: string | null;
  /** Of all that was restored from backups of databases; null where nothing was proven. */
  secondsPerGb: number | null;
  /** Full path of the report, whole, on its host; null where it could not be written. */
  reportPath: string | null;
  warnings: string[];
}

export type DrillStep =
  | 'clear'
  | 'plan'
  | 'resolve'
  | 'verify artifact'
  | 'inspect'
  | 'create scratch'
  | 'load'
  | 'prove'
  | 'drop'
  | 'recover'
  | 'done';

/** What a running drill tells of itself: the answer to the query `status`. */
export interface DrillStatus {
  step: DrillStep;
  /** The one that is drilled now. */
  database?: string;
  backupId?: string;
  totals: DrillTotals;
}

/** Seconds that each GB took; null of nothing. */
export function perGb(seconds: number, sizeBytes: number): number | null {
  return sizeBytes > 0 ? Math.round((seconds * gb * 10) / sizeBytes) / 10 : null;
}
