/** That a run reads a backup. */
export interface Lease {
  backupId: string;
  workflowId: string;
  runId: string;
  /** A reader that died keeps the backup no longer than this. */
  validMs: number;
}

/** A lease in force. */
export interface HeldLease extends Omit<Lease, 'validMs'> {
  /** When it ends unless it is renewed, ISO 8601, UTC. */
  until: string;
  /** Name of its partial file. */
  file: string;
}

/** A lease in words. */
export function describeLease({ workflowId, until }: HeldLease): string {
  return `${workflowId} reads it (lease until ${until})`;
}
