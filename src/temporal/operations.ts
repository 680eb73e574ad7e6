import type { ClusterConfig } from '../config/config.js';
import type { BackUpClusterInput } from '../domain/backup/cluster-contracts.js';
import { backUpClusterWorkflowId } from '../domain/backup/cluster-contracts.js';
import { type FullBackupInput, fullBackupWorkflowId } from '../domain/backup/contracts.js';
import { workflowTypes } from '../domain/contracts.js';
import { type DrillInput, drillWorkflowId } from '../domain/drill/contracts.js';
import { type MonitorInput, monitorWorkflowId } from '../domain/health/contracts.js';
import { type WalCycleInput, walCycleWorkflowId } from '../domain/wal/contracts.js';
import { printable } from '../log/printable.js';

/** A workflow to start, by whom ever: a command or a schedule. */
export interface Operation<Input> {
  type: string;
  workflowId: string;
  input: Input;
  /** What the Web UI's list shows of it. */
  summary: string;
}

/** Who asks for an operation, and where it is to be done. */
export interface Asker {
  hostQueue: string;
  /** `user@host`, or a schedule's id. */
  requester: string;
  /** Fingerprint of the server and repository that is meant; absent where only the worker's settings count. */
  place?: string;
}

/** What every operation on a cluster is given. */
export function clusterInput(cluster: ClusterConfig, { hostQueue, requester, place }: Asker) {
  return {
    ...{ cluster: cluster.name, hostQueue, requester },
    ...(place !== undefined && { place }),
    stallTimeoutSeconds: cluster.stallTimeoutSeconds,
  };
}

/** What may be said of a backup itself. */
export type BackupWishes = Pick<FullBackupInput, 'compression' | 'compressionLevel' | 'keepLast'>;

/** A full backup of one database. */
export function fullBackupOf(
  cluster: ClusterConfig,
  database: string,
  asker: Asker,
  wishes: BackupWishes = {},
): Operation<FullBackupInput> {
  return {
    type: workflowTypes.fullBackup,
    workflowId: fullBackupWorkflowId(cluster.name, database),
    input: { ...clusterInput(cluster, asker), ...wishes, database },
    summary: `full backup of ${printable(database)}`,
  };
}

/** Full backups of every database of a cluster. */
export function clusterBackupOf(
  cluster: ClusterConfig,
  asker: Asker,
  wishes: BackupWishes & Pick<BackUpClusterInput, 'parallel' | 'include' | 'exclude'> = {},
): Operation<BackUpClusterInput> {
  return {
    type: workflowTypes.backUpCluster,
    workflowId: backUpClusterWorkflowId(cluster.name),
    input: { ...clusterInput(cluster, asker), ...wishes },
    summary: `full backup of every database of ${cluster.name}`,
  };
}

/** One look after a cluster's archive of WAL. */
export function walCycleOf(
  cluster: ClusterConfig,
  asker: Asker,
  wishes: Pick<WalCycleInput, 'forceBase' | 'noSwitch'> = {},
): Operation<WalCycleInput> {
  return {
    type: workflowTypes.walCycle,
    workflowId: walCycleWorkflowId(cluster.name),
    input: { ...clusterInput(cluster, asker), ...wishes },
    summary: `WAL cycle of ${cluster.name}`,
  };
}

/** One look at a cluster's backups. */
export function monitoringOf(
  cluster: ClusterConfig,
  asker: Asker,
  wishes: Pick<MonitorInput, 'withoutReread'> = {},
): Operation<MonitorInput> {
  return {
    type: workflowTypes.monitorBackups,
    workflowId: monitorWorkflowId(cluster.name),
    input: { ...clusterInput(cluster, asker), ...wishes },
    summary: `look at the backups of ${cluster.name}`,
  };
}

/** What is to be drilled; all where nothing is said. */
export type DrillWishes = Pick<DrillInput, 'databases' | 'pointInTime' | 'target'>;

/** Restores of a cluster's backups to prove that they can be restored. */
export function drillOf(
  cluster: ClusterConfig,
  asker: Asker,
  wishes: DrillWishes = {},
): Operation<DrillInput> {
  const named = wishes.databases?.map(printable).join(', ') ?? cluster.name;
  const what = named === '' ? `${cluster.name} to a point in time` : named;
  return {
    type: workflowTypes.drillCluster,
    workflowId: drillWorkflowId(cluster.name),
    input: { ...clusterInput(cluster, asker), ...wishes },
    summary: `restore drill of ${what}`,
  };
}
