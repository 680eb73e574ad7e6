import type { ApprovalView, DecidableStatus } from '../approval/contracts.js';
import type { ApprovalPolicy } from '../approval/policy.js';
import { encodeDatabaseName } from '../backup/names.js';
import type { KeptPrevious } from './keep-contracts.js';
import type { RestoreSpace } from './space.js';

/** The id under which a target is restored: Temporal runs one workflow of an id at a time. */
export function restoreWorkflowId(cluster: string, target: string): string {
  return `restore/${cluster}/${encodeDatabaseName(target)}`;
}

/** Which backup is restored. */
export interface BackupReference {
  /** An id as listed, a full path, `latest` or `oldest`. */
  reference: string;
  /** The database whose `latest` or `oldest` is meant. */
  database?: string;
  /** A file without metadata is taken as it is, once it was read whole. */
  allowUnverified: boolean;
}

export interface RestoreInput {
  cluster: string;
  target: string;
  backup: BackupReference;
  /** Queue of the host that has the repository. */
  hostQueue: string;
  /** Who asked, as `user@host`. */
  requester: string;
  /** Why the restore is asked for; may be empty. */
  reason: string;
  /** A step that makes no progress for this long is given up and begun anew. */
  stallTimeoutSeconds: number;
  /** How long the replaced database is kept for an undo; 0 drops it at once. */
  keepPreviousMinutes: number;
  /** The requester means to approve unasked (`--yes`): refused at once where the target's policy does not let him. */
  approveAsRequester?: boolean;
  /** Roles that the server lacks are created from the backup's globals (`--globals`). */
  createRoles?: boolean;
  /** The target is dropped before the backup is loaded, where there is no room for two (`--in-place`). */
  inPlace?: boolean;
  /**
   * Fingerprint of the server and repository that a command on the same host means: a worker with other settings
   * refuses every step.
   */
  place?: string;
}

/** The backup that a reference led to. */
export interface ResolvedBackup {
  id: string;
  /** Full path of the artifact on its host. */
  path: string;
  /** SHA-256 of the stored file by its metadata; null for a file without. */
  checksum: string | null;
  /** ISO 8601, UTC. */
  takenAt: string;
  sizeBytes: number;
}

/** The verified artifact. The rows of every table go by a file, they may be thousands. */
export interface VerifiedArtifact {
  checksum: string;
  sizeBytes: number;
  tables: number;
  rows: number;
  /** Attempt whose partial file has the rows of every table. */
  attempt: number;
  /** Tells the same file apart from one that was written since, without reading it. */
  fingerprint: string;
}

/** The target as a step found it, and the names that the restore uses beside it. */
export interface InspectedTarget {
  /** Null when there is no database of that name. */
  oid: number | null;
  sizeBytes: number | null;
  stagingName: string;
  previousName: string;
  policy: ApprovalPolicy;
  /** Roles that the server lacks and that are to be created from the backup's globals; the first fifty. */
  rolesToCreate: string[];
  space: RestoreSpace;
}

export interface LoadedStaging {
  name: string;
  oid: number;
  statements: number;
  rows: number;
  /** What could not be restored as it was; the first fifty. */
  warnings: string[];
}

/** The proof: what an approver sees is `markdown`, what binds a decision to it `digest`. */
export interface RestoreProof {
  digest: string;
  /** Below 20 kB. */
  markdown: string;
  /** Full path of the evidence, whole, on its host. */
  path: string;
  target: { name: string; oid: number | null; acceptsConnections: boolean; isTemplate?: boolean };
  tables: number;
  rows: number;
  sizeBytes: number;
  /** The user's assertions, all of which hold. */
  assertions: number;
  warnings: string[];
}

export type RestoreStep =
  | 'resolve'
  | 'verify artifact'
  | 'inspect target'
  | 'create staging'
  | 'load'
  | 'prove'
  | 'await approval'
  | 'drop target'
  | 'swap'
  | 'summary'
  | 'done';

/** What a running restore tells of itself: the answer to the query `status`. */
export interface RestoreStatus extends DecidableStatus {
  step: RestoreStep;
  tables?: number;
  rows?: number;
}

export interface RestoreResult {
  cluster: string;
  target: string;
  backup: { id: string; path: string; checksum: string; takenAt: string; sizeBytes: number };
  requester: string;
  reason: string;
  tables: number;
  rows: number;
  sizeBytes: number;
  /** The user's assertions that were found to hold. */
  assertions: number;
  /** Roles that were created from the backup's globals. */
  createdRoles: string[];
  /** The target was dropped before the backup was loaded. */
  inPlace: boolean;
  /** Null when the target did not exist. */
  approval: ApprovalView | null;
  /** Null when the target did not exist, or was not to be kept. */
  previous: KeptPrevious | null;
  /** How long clients were refused; null when an attempt that was cut short had finished the swap. */
  refusedMs: number | null;
  endedSessions: number;
  steps: { step: RestoreStep; durationMs: number }[];
  warnings: string[];
  evidence: { digest: string; path: string };
  /** The summary's file on its host; null when it could not be written. */
  summaryPath: string | null;
}
