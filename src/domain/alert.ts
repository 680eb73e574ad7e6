/** Every type of alert that there is. */
export const alertTypes = [
  'backup_age',
  'disk_space',
  'backup_integrity',
  'backup_count',
  'backup_health',
  'backup_failed',
  'backup_succeeded',
  'wal_archive',
  'wal_stream',
  'restore_approval',
  'restore_done',
  'restore_drill',
] as const;

export type AlertType = (typeof alertTypes)[number];

/** From the least to the most urgent. */
export const alertPriorities = ['info', 'medium', 'high', 'critical'] as const;

export type AlertPriority = (typeof alertPriorities)[number];

export interface Alert {
  type: AlertType;
  priority: AlertPriority;
  message: string;
  /** What to do about it, where that is known. */
  remedy?: string;
  /** Priority of the alert that this one is the end of: it is told to the same people. */
  ends?: AlertPriority;
  database: string;
  /** The cluster's name. */
  cluster: string;
  host: string;
  metrics: Record<string, number | string>;
  /** ISO 8601, UTC. */
  time: string;
  /** A delivery that is repeated has the same. */
  id: string;
}
