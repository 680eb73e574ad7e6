import type { BackUpClusterInput } from '../backup/cluster-contracts.js';
import type { FullBackupInput } from '../backup/contracts.js';
import { encodeDatabaseName } from '../backup/names.js';
import type { DrillInput } from '../drill/contracts.js';
import type { MonitorInput } from '../health/contracts.js';
import type { WalCycleInput } from '../wal/contracts.js';
import type { Due } from './due-times.js';

/** What is done by schedule: full backups, WAL cycles, looks of monitoring, restore drills. */
export const scheduleKinds = ['full', 'wal', 'monitor', 'drill'] as const;

export type ScheduleKind = (typeof scheduleKinds)[number];

/** Begins the id of every schedule of Holdfast's. */
export const scheduleIdPrefix = 'holdfast/';

/** The id of a schedule; `database` where it is one database's own. */
export function scheduleId(cluster: string, kind: ScheduleKind, database?: string): string {
  const own = database === undefined ? '' : `/${encodeDatabaseName(database)}`;
  return `${scheduleIdPrefix}${cluster}/${kind}${own}`;
}

/** What Temporal makes the ids of a schedule's runs of: it appends the time at which each was due. */
export function scheduledRunWorkflowId(schedule: string): string {
  return `scheduled/${schedule.slice(scheduleIdPrefix.length)}`;
}

/** The workflow that a schedule is for, as whoever starts it by hand would start it. */
export interface ScheduledOperation {
  /** Its type. */
  type: string;
  workflowId: string;
  input: FullBackupInput | BackUpClusterInput | WalCycleInput | MonitorInput | DrillInput;
  /** What the Web UI's list shows of it. */
  summary: string;
}

export interface ScheduledRunInput {
  /** The schedule's id. */
  schedule: string;
  kind: ScheduleKind;
  cluster: string;
  /** When it is due: told here for people; Temporal has it in its own form. */
  due: Due;
  operation: ScheduledOperation;
}

export interface ScheduledRunResult {
  /** The workflow that did the work, or that ran already. */
  workflowId: string;
  /** Skipped: it ran already, started by somebody else. Failed: it ended, and found something wrong. */
  outcome: 'succeeded' | 'failed' | 'skipped';
  /** One line for people. */
  told: string;
}
