import type { AssertionResult } from '../restore/assertion.js';
import type { TimeRange } from '../wal/recoverable-window.js';
import type { AmcheckResult, RecoveredDatabase } from './contracts.js';

/** The stopped cluster of a data directory that another is to take the place of. */
export interface StandingCluster {
  path: string;
  /** Device and inode: tells it apart from a folder that took its place. */
  identity: string;
  /** Major version, as `PG_VERSION` has it. */
  pgVersion: string;
  /** In the words of `pg_controldata`; null, like all below that it tells, where the control file can't be read. */
  state: string | null;
  systemIdentifier: string | null;
  checkpointLsn: string | null;
  /** Of its last checkpoint, ISO 8601: it was alive until then at least. */
  checkpointAt: string | null;
  timeline: number | null;
  /** Why the control file can't be read. */
  unreadable: string | null;
  /** Segments in it that no archive has. */
  unarchivedSegments: number;
  /** Where its `pg_wal` leads, when it is a link. */
  walFolder: string | null;
  tablespaces: string[];
}

/** What an approver sees: which cluster would take the place of which, and what would be lost. */
export interface RecoveryEvidence {
  cluster: string;
  standing: StandingCluster & {
    sizeBytes: number | null;
    /** What it would be called. */
    previous: string;
    /** Null where its system identifier is not known. */
    isSameCluster: boolean | null;
  };
  recovered: {
    /** Where it lies until the exchange. */
    path: string;
    base: string;
    systemIdentifier: string;
    /** The target in words. */
    target: string;
    stopReason: string;
    replayedTo: string | null;
    replayedLsn: string | null;
    timeline: number;
    segments: number;
    /** In the words of `pg_controldata`. */
    state: string;
    databases: RecoveredDatabase[];
    databaseCount: number;
    /** Full paths of its tablespaces. */
    tablespaces: string[];
  };
  window: (TimeRange & { gaps: TimeRange[] }) | null;
  assertions: AssertionResult[];
  amcheck: AmcheckResult | null;
  warnings: string[];
}
