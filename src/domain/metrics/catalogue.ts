interface Described {
  help: string;
  labels: readonly string[];
}

const ofCluster = ['cluster'] as const;
const ofDatabase = ['cluster', 'database'] as const;
const ofOperation = ['cluster', 'database', 'operation', 'outcome'] as const;

/** What can go up and down, by name; in Prometheus's base units. */
export const gauges = {
  holdfast_build_info: { help: 'Always 1; the version that runs.', labels: ['version'] },
  holdfast_temporal_up: { help: '1: the worker reaches Temporal.', labels: [] },
  holdfast_scan_timestamp_seconds: {
    help: 'When the repository was last looked at: what is told of it is of then.',
    labels: ofCluster,
  },
  holdfast_repository_present: {
    help: '1: the repository is there, and the one that was there before.',
    labels: ofCluster,
  },
  holdfast_repository_free_bytes: { help: "Free on the repository's file system.", labels: ofCluster },
  holdfast_repository_size_bytes: { help: "Size of the repository's file system.", labels: ofCluster },
  holdfast_repository_used_ratio: {
    help: "Share of the repository's file system that is used, 0 to 1.",
    labels: ofCluster,
  },
  holdfast_repository_free_limit_bytes: {
    help: 'Free space under which it is critical: minDiskSpaceGb.',
    labels: ofCluster,
  },
  holdfast_repository_full_backups_bytes: {
    help: 'What the artifacts of full backups take.',
    labels: ofCluster,
  },
  holdfast_repository_daily_bytes: {
    help: "A day's full backups: the newest of each database.",
    labels: ofCluster,
  },
  holdfast_repository_needed_bytes: {
    help: 'What full backups will take beyond what they take now: daily size x days of retention x 1.2.',
    labels: ofCluster,
  },
  holdfast_repository_full_seconds: {
    help: 'Seconds until the file system is full; left out where what retention keeps will fit.',
    labels: ofCluster,
  },
  holdfast_retention_seconds: { help: 'How long full backups are kept: retentionDays.', labels: ofCluster },
  holdfast_backup_age_limit_seconds: {
    help: 'Age of the last backup that is critical: maxBackupAgeHours.',
    labels: ofCluster,
  },
  holdfast_backup_last_success_timestamp_seconds: {
    help: 'When the last whole full backup was taken; left out where there is none.',
    labels: ofDatabase,
  },
  holdfast_backup_age_seconds: {
    help: 'Age of the last whole full backup; left out where there is none.',
    labels: ofDatabase,
  },
  holdfast_backup_last_size_bytes: { help: "The last whole full backup's artifact.", labels: ofDatabase },
  holdfast_backup_usual_size_bytes: {
    help: 'Median of up to ten full backups before the last; left out where there are fewer than two.',
    labels: ofDatabase,
  },
  holdfast_backup_count: { help: 'Full backups in the repository.', labels: ofDatabase },
  holdfast_backup_count_recent: { help: 'Whole full backups of the last seven days.', labels: ofDatabase },
  holdfast_backup_expected: {
    help: '0: the server has no such database any more, and holdfast.yaml does not name it.',
    labels: ofDatabase,
  },
  holdfast_corrupted_backups: {
    help: 'Damaged full backups of a database; without a database: base backups, and files with misleading names.',
    labels: ofDatabase,
  },
  holdfast_reread_overdue_backups: {
    help: 'Backups that were not re-read within verifyWithinDays.',
    labels: ofCluster,
  },
  holdfast_base_backup_count: { help: 'Whole base backups.', labels: ofCluster },
  holdfast_base_backup_last_success_timestamp_seconds: {
    help: 'When the last base backup ended; left out where there is none.',
    labels: ofCluster,
  },
  holdfast_wal_readable: { help: '1: the WAL archive could be looked at.', labels: ofCluster },
  holdfast_wal_last_segment_timestamp_seconds: {
    help: 'When the newest archived segment was written; left out where there is none.',
    labels: ofCluster,
  },
  holdfast_wal_age_limit_seconds: {
    help: 'Age of the newest archived segment that is critical: maxWalAgeHours.',
    labels: ofCluster,
  },
  holdfast_wal_gaps: { help: 'Stretches of missing segments.', labels: ofCluster },
  holdfast_wal_flawed_files: { help: 'Damaged files, and those of another cluster.', labels: ofCluster },
  holdfast_wal_needs_base: {
    help: '1: what follows the last gap can be recovered to only from a new base backup.',
    labels: ofCluster,
  },
  holdfast_recoverable_from_timestamp_seconds: {
    help: 'Earliest instant that the cluster can be recovered to; left out where there is none.',
    labels: ofCluster,
  },
  holdfast_recoverable_to_timestamp_seconds: {
    help: 'Latest instant that the cluster can be recovered to; left out where there is none.',
    labels: ofCluster,
  },
  holdfast_drill_proven: {
    help: '1: the last restore drill was proven; without a database: of a point in time. Left out where there was none.',
    labels: ofDatabase,
  },
  holdfast_drill_last_success_timestamp_seconds: {
    help: 'When the last proven drill was; left out where there is none.',
    labels: ofDatabase,
  },
  holdfast_drill_duration_seconds: {
    help: 'What the last proven drill took, from reading the backup to the proof.',
    labels: ofDatabase,
  },
  holdfast_drill_size_bytes: {
    help: 'What the last proven drill restored: the database, or the unpacked cluster.',
    labels: ofDatabase,
  },
  holdfast_drill_seconds_per_gb: {
    help: "The last proven drill's time for each GB (1024^3 bytes) restored.",
    labels: ofDatabase,
  },
  holdfast_approvals_waiting: {
    help: 'Operations that wait for people; left out where Temporal does not tell.',
    labels: ['cluster', 'operation'],
  },
  holdfast_approvals_oldest_timestamp_seconds: {
    help: 'Since when the one that waits longest does; left out where none waits.',
    labels: ['cluster', 'operation'],
  },
  holdfast_operation_last_end_timestamp_seconds: {
    help: 'When an operation last ended so, by commands of this host, too; remembered on disk.',
    labels: ofOperation,
  },
} as const satisfies Record<string, Described>;

export type GaugeName = keyof typeof gauges;

const minute = 60;
const hour = 60 * minute;

/** What only counts up while a worker runs, by name. */
export const counters = {
  holdfast_operations_total: {
    help: 'Operations that ended on this worker, by how they ended.',
    labels: ofOperation,
  },
} as const satisfies Record<string, Described>;

/** Distributions since the worker's start, by name. */
export const histograms = {
  holdfast_operation_duration_seconds: {
    help: 'From the start of an operation to its end, with what it waited.',
    labels: ofOperation,
    buckets: [1, 5, 15, minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, 24 * hour],
  },
  holdfast_operation_size_bytes: {
    help: 'Size of the backup that an operation made or took, where there is one.',
    labels: ofOperation,
    buckets: [1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12],
  },
} as const satisfies Record<string, Described & { buckets: readonly number[] }>;

/** One gauge's value. */
export interface Figure {
  name: GaugeName;
  /** Those of the catalogue; one that is left out is empty. */
  labels: Record<string, string>;
  value: number;
}
