import type { Finding, StateCounts } from './finding.js';

/** The id under which a cluster's backups are looked at: one look at a time. */
export function monitorWorkflowId(cluster: string): string {
  return `monitor/${cluster}`;
}

export interface MonitorInput {
  cluster: string;
  /** Queue of the host that has the repository. */
  hostQueue: string;
  /** Who asked, as `user@host`, or the schedule's id. */
  requester: string;
  /** Fingerprint of the server and repository that is meant; absent where only the worker's settings count. */
  place?: string;
  /** A re-reading that makes no progress for this long is given up and begun anew. */
  stallTimeoutSeconds: number;
  /** Look only: whoever waits for it must have an answer soon. @defaultValue false */
  withoutReread?: boolean;
}

/** What a re-reading did. */
export interface Rereading {
  backups: number;
  bytes: number;
  /** Those of them that are damaged. */
  damaged: number;
  /** Those whose state is another than before. */
  changed: number;
}

/** What became of alerts. */
export interface Delivery {
  /** Delivered now, and left to the next look, each to each channel. */
  delivered: number;
  waiting: number;
  /** Why they wait. */
  problems: string[];
}

export interface MonitorResult {
  cluster: string;
  /** ISO 8601, UTC. */
  observedAt: string;
  counts: StateCounts;
  /** The worst first; cut to what a message can bear. */
  findings: Finding[];
  findingCount: number;
  reread: Rereading;
  delivery: Delivery;
  /** What went on although it should be known. */
  warnings: string[];
}

export type MonitorStep = 'gather' | 'judge' | 'tell' | 're-read' | 'deliver' | 'done';

/** What a running look tells of itself. */
export interface MonitorStatus {
  step: MonitorStep;
  databases?: number;
  critical?: number;
  warning?: number;
  rereadBytes?: number;
}
