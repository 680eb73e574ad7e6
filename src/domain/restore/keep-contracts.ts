import { encodeDatabaseName } from '../backup/names.js';

/** The id of the workflow that keeps the database a restore replaced, by the name it is kept under. */
export function keepPreviousWorkflowId(cluster: string, previous: string): string {
  return `keep-previous/${cluster}/${encodeDatabaseName(previous)}`;
}

/** Names of the messages to what a restore keeps; those that decide are in `decisionMessages`. */
export const keepMessages = { undo: 'undo', confirm: 'confirm' } as const;

/** Where the replaced database is kept, and until when. */
export interface KeptPrevious {
  name: string;
  /** ISO 8601, UTC. */
  until: string;
  workflowId: string;
}

/** The database that a restore replaced, kept so that it can come back. */
export interface KeepPreviousInput {
  cluster: string;
  target: string;
  hostQueue: string;
  previous: { name: string; oid: number };
  restoredOid: number;
  keepMinutes: number;
  backupId: string;
  /** As the restore's own. */
  place?: string;
}

/** What `undo` and `confirm` carry. */
export interface KeepMessage {
  requester: string;
  reason: string;
}

export interface KeepPreviousResult {
  /** `expired` and `confirmed`: the previous database was dropped. */
  outcome: 'undone' | 'confirmed' | 'expired';
  requester: string | null;
  /** What the restored database is called since the undo. */
  undoneName: string | null;
  /** By the undo; null where nothing was undone, or an attempt that was cut short had done it. */
  refusedMs: number | null;
}

export interface KeepPreviousStatus {
  target: string;
  previous: string;
  backupId: string;
  /** ISO 8601, UTC. */
  until: string;
  outcome: KeepPreviousResult['outcome'] | 'kept';
}
