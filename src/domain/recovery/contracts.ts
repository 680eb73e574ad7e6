import type { ApprovalView, DecidableStatus } from '../approval/contracts.js';
import type { ApprovalPolicy } from '../approval/policy.js';
import type { AssertionResult } from '../restore/assertion.js';
import type { RecoverableWindow } from '../wal/recoverable-window.js';
import type { ControlFacts } from './recovered.js';
import type { RecoveryAction, RecoveryTarget, TargetTimeline } from './target.js';

/** The id under which a cluster is recovered into a folder: one at a time. */
export function recoveryWorkflowId(cluster: string, dataDir: string): string {
  // Temporal's ids have 1000 bytes at most; a path may be longer.
  return `recover/${cluster}${dataDir.slice(-300)}`;
}

/** Where a tablespace is to lie: `from` is its name, or its folder on the server that was backed up. */
export interface TablespaceWish {
  from: string;
  /** Full path. */
  to: string;
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
  /** Full path of the folder that becomes the cluster's data directory: missing, empty, or a stopped cluster's. */
  dataDir: string;
  /** Id of a base backup; absent: the newest that can reach the target. */
  base?: string;
  /** Account of the operating system to which the cluster is to belong, where root asks. */
  osUser?: string;
  /** Those that are not named go where they were, if nothing is there. */
  tablespaces?: TablespaceWish[];
  /** Replay may make tablespaces that are younger than the base backup, in the folders where they were. */
  makeTablespaces?: boolean;
  /** Every table and B-tree is to be checked by `pg_amcheck`. */
  amcheck?: boolean;
  /** The requester means to approve unasked (`--yes`): refused at once where the policy does not let him. */
  approveAsRequester?: boolean;
  /** A step that makes no progress for this long is given up and begun anew. */
  stallTimeoutSeconds: number;
}

/** What later steps need to know of the base backup. */
export interface RecoveryBase {
  id: string;
  pgMajor: number;
  systemIdentifier: string;
  bootstrapRole: string;
  walSegmentSizeBytes: number;
}

/** What is to be recovered from, and where. */
export interface RecoveryPlan {
  base: RecoveryBase;
  window: RecoverableWindow | null;
  /** Full path of the folder to recover into: the data directory, or one beside a cluster that stands there. */
  workDir: string;
  /** Numbers of the account that all is to belong to; null: the worker's own. */
  account: { uid: number; gid: number } | null;
  /** Full path of the folder of each tablespace. */
  tablespaces: { oid: number; path: string }[];
  /** The cluster that stands in the data directory, and who must agree that it gives way; null: none does. */
  replaces: { previous: string; policy: ApprovalPolicy } | null;
  warnings: string[];
}

/** A database of a recovered cluster. */
export interface RecoveredDatabase {
  name: string;
  sizeBytes: number;
  tables: number;
  /** As the server estimates them; null where it never has. */
  estimatedRows: number | null;
}

/** What `pg_amcheck` was asked, and could not be; errors end the recovery. */
export interface AmcheckResult {
  /** Databases that were checked. */
  checked: number;
  /** Names and why, the first twenty. */
  skipped: { database: string; why: string }[];
}

/** What a recovered cluster was found to be. */
export interface RecoveryProof {
  /** The first hundred. */
  databases: RecoveredDatabase[];
  databaseCount: number;
  /** The user's assertions, all of which hold; the first twenty. */
  assertions: AssertionResult[];
  assertionCount: number;
  amcheck: AmcheckResult | null;
  /** In the words of `pg_controldata`, once all that was asked of the cluster is answered. */
  state: string;
  /** Of its last checkpoint then. */
  checkpointLsn: string;
  /** Whether its settings came with it; those of a Debian cluster lie elsewhere. */
  hasSettings: boolean;
}

export interface RecoveryResult extends RecoveryProof {
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
  /** Full paths of its tablespaces. */
  tablespaces: string[];
  /** Full path of what stood in the data directory before; null where nothing did. */
  previous: string | null;
  /** Null where nobody was asked. */
  approval: ApprovalView | null;
  evidence: { digest: string; path: string } | null;
  warnings: string[];
  /** How long each step took. */
  steps: { step: string; seconds: number }[];
}

export type RecoveryStep =
  | 'resolve'
  | 'extract'
  | 'recover'
  | 'prove'
  | 'await approval'
  | 'exchange'
  | 'done';

/** What a running recovery tells of itself; its `target` is the data directory. */
export interface RecoveryStatus extends DecidableStatus {
  step: RecoveryStep;
  window?: RecoverableWindow | null;
}
