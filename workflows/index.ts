/** The bundle's one entry: every workflow type Holdfast's workers run. */
export { backUpCluster } from './back-up-cluster.js';
export { deliverAlert } from './deliver-alert.js';
export { fullBackup } from './full-backup.js';
export { keepPrevious } from './keep-previous.js';
export { monitorBackups } from './monitor-backups.js';
export { pointInTimeRecovery } from './point-in-time-recovery.js';
export { restoreDatabase } from './restore-database.js';
export { scheduledRun } from './scheduled-run.js';
export { walCycle } from './wal-cycle.js';
export { walStream } from './wal-stream.js';
