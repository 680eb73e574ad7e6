import type { ClusterConfig, Config, ScheduleConfig } from '../../config/config.js';
import { hostQueue } from '../../domain/contracts.js';
import {
  type ScheduledOperation,
  type ScheduleKind,
  scheduleId,
  scheduleKinds,
} from '../../domain/schedule/contracts.js';
import type { WantedSchedule } from '../../domain/schedule/plan.js';
import { shapeOf } from '../../domain/schedule/shape.js';
import {
  type Asker,
  clusterBackupOf,
  drillOf,
  fullBackupOf,
  monitoringOf,
  walCycleOf,
} from '../operations.js';

type HasArchive = (cluster: ClusterConfig) => Promise<boolean>;

const operations: Record<ScheduleKind, (cluster: ClusterConfig, asker: Asker) => ScheduledOperation> = {
  full: clusterBackupOf,
  wal: walCycleOf,
  monitor: monitoringOf,
  drill: drillOf,
};

/**
 * The schedules that the settings ask for. Where they leave it open whether WAL is looked after, `hasArchive` decides
 * whether that schedule is created; one that is there stays, since an archive that is not seen may just not be mounted.
 */
export async function wantedSchedules(
  config: Pick<Config, 'clusters'>,
  hasArchive: HasArchive,
  nowMs: number,
): Promise<WantedSchedule[]> {
  const wanted: WantedSchedule[] = [];
  for (const cluster of Object.values(config.clusters)) {
    for (const kind of scheduleKinds) {
      const when = cluster.schedules[kind];
      if (when.enabled === false) continue;
      const onlyIfThere = when.enabled === 'auto' && !(await hasArchive(cluster));
      const id = scheduleId(cluster.name, kind);
      const operation = operations[kind](cluster, askerOf(cluster, id));
      wanted.push({ id, onlyIfThere, shape: wantedShape(id, kind, when, operation, nowMs) });
    }
    wanted.push(...ofDatabases(cluster, nowMs));
  }
  return wanted;
}

function ofDatabases(cluster: ClusterConfig, nowMs: number): WantedSchedule[] {
  return Object.entries(cluster.databases).flatMap(([database, { schedules }]) => {
    if (!schedules.full || schedules.full.enabled === false) return [];
    const id = scheduleId(cluster.name, 'full', database);
    const operation = fullBackupOf(cluster, database, askerOf(cluster, id));
    return [{ id, onlyIfThere: false, shape: wantedShape(id, 'full', schedules.full, operation, nowMs) }];
  });
}

/** Without a fingerprint of the place: the worker's settings count, which may change without the schedules. */
function askerOf(cluster: ClusterConfig, id: string): Asker {
  return { hostQueue: hostQueue(cluster.host), requester: id };
}

function wantedShape(
  schedule: string,
  kind: ScheduleKind,
  { cron, timeZone, jitterSeconds, catchUpMinutes }: ScheduleConfig,
  operation: ScheduledOperation,
  nowMs: number,
) {
  const { cluster } = operation.input;
  const input = { schedule, kind, cluster, due: { cron, timeZone }, operation };
  return shapeOf({ input, jitterSeconds, catchUpSeconds: catchUpMinutes * 60 }, nowMs);
}
