import { hourMs } from '../durations.js';
import { gb } from '../sizes.js';
import type { DatabaseBackups, HealthFacts } from './facts.js';

const mb = 1024 ** 2;

/** Figures of one database's backups. */
export interface DatabaseMetrics {
  /** Of the last whole backup; null: there is none. */
  backup_age_hours: number | null;
  backup_count_total: number;
  /** Of the last seven days. */
  backup_count_recent: number;
  corrupted_backups: number;
  /** MiB; null: there is none. */
  last_backup_size_mb: number | null;
}

/** Figures of a cluster: those of all of its databases together, and of each by name. */
export interface ClusterMetrics extends DatabaseMetrics {
  cluster: string;
  /** Of the repository's file system, GiB; null where it is not known. */
  disk_free_gb: number | null;
  disk_usage_percent: number | null;
  /** 1: the repository is there. */
  repository_present: 0 | 1;
  databases: ({ database: string } & DatabaseMetrics)[];
}

/** Figures by which backups are watched from outside. A cluster's age is that of the database worst off. */
export function metricsOf(facts: HealthFacts): ClusterMetrics {
  const { disk, integrity, repository } = facts;
  const databases = facts.databases
    .filter(({ total, configured }) => total > 0 || configured)
    .map((each) => ({ database: each.database, ...metricsOfDatabase(each, facts.observedAt) }));
  const sum = (figure: (each: DatabaseMetrics) => number) =>
    databases.reduce((total, each) => total + figure(each), 0);
  const ages = databases.map((each) => each.backup_age_hours);
  return {
    cluster: facts.cluster,
    backup_age_hours: ages.includes(null)
      ? null
      : ages.reduce((a, b) => Math.max(a ?? 0, b ?? 0), ages[0] ?? null),
    disk_free_gb: disk ? rounded(disk.freeBytes / gb) : null,
    disk_usage_percent: disk ? rounded(100 * (1 - disk.freeBytes / Math.max(1, disk.totalBytes))) : null,
    backup_count_total: sum((each) => each.backup_count_total),
    backup_count_recent: sum((each) => each.backup_count_recent),
    corrupted_backups: sum((each) => each.corrupted_backups) + integrity.flawCount,
    last_backup_size_mb:
      databases.length === 0 ? null : rounded(sum((each) => each.last_backup_size_mb ?? 0)),
    repository_present: repository.state === 'present' ? 1 : 0,
    databases,
  };
}

function metricsOfDatabase(of: DatabaseBackups, observedAt: string): DatabaseMetrics {
  const { newest, total, recent, flawCount } = of;
  const ageMs = newest ? Math.max(0, Date.parse(observedAt) - Date.parse(newest.takenAt)) : null;
  return {
    backup_age_hours: ageMs === null ? null : rounded(ageMs / hourMs),
    backup_count_total: total,
    backup_count_recent: recent,
    corrupted_backups: flawCount,
    last_backup_size_mb: newest ? rounded(newest.sizeBytes / mb) : null,
  };
}

function rounded(figure: number): number {
  return Math.round(figure * 100) / 100;
}
