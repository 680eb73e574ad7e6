/** Workflow types, as they stand in Temporal. */
export const workflowTypes = {
  fullBackup: 'fullBackup',
  backUpCluster: 'backUpCluster',
  deliverAlert: 'deliverAlert',
  walCycle: 'walCycle',
  walStream: 'walStream',
  monitorBackups: 'monitorBackups',
  pointInTimeRecovery: 'pointInTimeRecovery',
  restoreDatabase: 'restoreDatabase',
  keepPrevious: 'keepPrevious',
  drillCluster: 'drillCluster',
  scheduledRun: 'scheduledRun',
} as const;

/** The queue of workflows, and of activities that need no particular host. */
export const workflowQueue = 'holdfast';

/** The queue of activities that touch `host`'s disk or its local server. */
export function hostQueue(host: string): string {
  return `holdfast-host-${host}`;
}

/** Search attributes (all of type Keyword) of every workflow. */
export const searchAttributeNames = [
  'HoldfastCluster',
  'HoldfastDatabase',
  'HoldfastOperation',
  'HoldfastOutcome',
] as const;

export const statusQuery = 'status';
