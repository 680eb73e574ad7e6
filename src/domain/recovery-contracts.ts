import type { RecoverableWindow } from './recoverable-window.js';
import type { ControlFacts } from './recovered.js';
import type { RecoveryAction, RecoveryTarget, TargetTimeline } from './recovery-target.js';

/** The id under which a cluster is recovered into a folder: one at a time. */
export function recoveryWorkflowId(cluster: string, dataDir: string): string {
  // Temporal's ids have 1000 bytes at most; a path may be longer.
  return `recover/${cluster}${dataDir.slice(-300)}`;
}

export interface RecoveryInput {
  cluster: string;
  /** Queue of the host that has the archive. */
  hostQueue: string;
  /** Who asked, as `user@host`. */
  requester: string;
  /** Why, for the record. */
  reason: string;
  /** Fingerprint of the repository that is meant; absent where only the worker's settings count. */
  place?: string;
  target: RecoveryTarget;
  action: RecoveryAction;
  timeline: TargetTimeline;
  /** Full path of the folder that becomes the cluster's data directory: missing, or empty. */
  dataDir: string;
  /** Id of a base backup; absent: the newest that can reach the target. */
  base?: string;
  /** Account of the operating system to which the cluster is to belong, where root asks. */
  osUser?: string;
  /** A step that makes no progress for this long is given up and begun anew. */
  stallTimeoutSeconds: number;
}

/** What is to be recovered from. */
export interface RecoveryPlan {
  baseId: string;
  window: RecoverableWindow | null;
}

/** A database of a recovered cluster. */
export interface RecoveredDatabase {
  name: string;
  sizeBytes: number;
  tables: number;
}

export interface RecoveryResult {
  cluster: string;
  dataDir: string;
  /** The target in words. */
  target: string;
  action: RecoveryAction;
  base: string;
  requester: string;
  reason: string;
  /** Why the server stopped replaying, in its own words. */
  stopReason: string;
  /** Commit time of the last transaction in it; null where the server did not tell. */
  replayedTo: string | null;
  replayedLsn: string | null;
  /** That the cluster goes on with. */
  timeline: number;
  /** Segments taken from the archive. */
  segments: number;
  control: ControlFacts;
  /** The server that waits at the target, reached by its socket only; null where none was left running. */
  server: { socketDir: string; port: number; role: string } | null;
  /** Databases found in it, the first hundred; null where none could be asked. */
  databases: RecoveredDatabase[] | null;
  databaseCount: number | null;
  /** How long each step took. */
  steps: { step: string; seconds: number }[];
}

export type RecoveryStep = 'resolve' | 'extract' | 'recover' | 'prove' | 'done';

/** What a running recovery tells of itself. */
export interface RecoveryStatus {
  step: RecoveryStep;
  base?: string;
  window?: RecoverableWindow | null;
}
