import { leastEarlier, median } from '../health/check-size.js';
import { forecastBytes } from '../health/check-space.js';
import type { DatabaseBackups, HealthFacts, HealthSettings, WalFacts } from '../health/facts.js';
import { isGone } from '../health/unjudged.js';
import { gb } from '../sizes.js';
import type { Figure, GaugeName } from './catalogue.js';

const hourSeconds = 60 * 60;
const daySeconds = 24 * hourSeconds;
/** Null: not known, left out. */
type Values = Partial<Record<GaugeName, number | null>>;

/** What is known of a cluster without looking at its repository: what it is held against. */
export function settingFigures(cluster: string, settings: HealthSettings): Figure[] {
  return figures(
    { cluster },
    {
      holdfast_repository_free_limit_bytes: settings.minDiskSpaceGb * gb,
      holdfast_retention_seconds: settings.retentionDays * daySeconds,
      holdfast_backup_age_limit_seconds: settings.maxBackupAgeHours * hourSeconds,
      holdfast_wal_age_limit_seconds: settings.maxWalAgeHours * hourSeconds,
    },
  );
}

/** What a look at a cluster's repository has found, for a monitoring system; ages are those at `now`. */
export function repositoryFigures(facts: HealthFacts, now: Date): Figure[] {
  const { cluster, repository, integrity, observedAt } = facts;
  const isPresent = repository.state === 'present';
  const known: Values = {
    holdfast_scan_timestamp_seconds: seconds(observedAt),
    holdfast_repository_present: Number(isPresent),
  };
  // Of what is not there nothing is known: "no backups" would be wrong.
  if (!isPresent) return figures({ cluster }, known);
  const whole: Values = {
    ...known,
    ...ofSpace(facts),
    ...(facts.wal ? ofWal(facts.wal) : {}),
    holdfast_reread_overdue_backups: integrity.overdue,
    holdfast_corrupted_backups: integrity.flawCount,
  };
  const databases = facts.databases.filter(({ total, configured }) => total > 0 || configured);
  return [
    ...figures({ cluster }, whole),
    ...databases.flatMap((each) => figures({ cluster, database: each.database }, ofDatabase(each, now))),
  ];
}

function ofSpace({ disk, settings }: HealthFacts): Values {
  if (!disk) return {};
  const { freeBytes, totalBytes, dailyBytes } = disk;
  const neededBytes = forecastBytes(disk, settings.retentionDays);
  return {
    holdfast_repository_free_bytes: freeBytes,
    holdfast_repository_size_bytes: totalBytes,
    holdfast_repository_used_ratio: 1 - freeBytes / Math.max(1, totalBytes),
    holdfast_repository_full_backups_bytes: disk.catalogueBytes,
    holdfast_repository_daily_bytes: dailyBytes,
    holdfast_repository_needed_bytes: neededBytes,
    holdfast_repository_full_seconds:
      neededBytes > freeBytes && dailyBytes > 0 ? (freeBytes / dailyBytes) * daySeconds : null,
  };
}

function ofWal(wal: WalFacts): Values {
  const isReadable = wal.unknownBecause === '';
  if (!isReadable) return { holdfast_wal_readable: 0 };
  return {
    holdfast_wal_readable: 1,
    holdfast_wal_last_segment_timestamp_seconds: seconds(wal.newestWrittenAt),
    holdfast_wal_gaps: wal.gaps,
    holdfast_wal_flawed_files: wal.flawCount,
    holdfast_wal_needs_base: Number(wal.needsBase),
    holdfast_base_backup_count: wal.baseCount,
    holdfast_base_backup_last_success_timestamp_seconds: seconds(wal.newestBaseAt),
    holdfast_recoverable_from_timestamp_seconds: seconds(wal.recoverable?.from ?? null),
    holdfast_recoverable_to_timestamp_seconds: seconds(wal.recoverable?.to ?? null),
  };
}

function ofDatabase(database: DatabaseBackups, now: Date): Values {
  const { newest, earlierSizesBytes, total, recent, flawCount } = database;
  const takenAt = seconds(newest?.takenAt ?? null);
  return {
    holdfast_backup_last_success_timestamp_seconds: takenAt,
    holdfast_backup_age_seconds: takenAt === null ? null : Math.max(0, now.getTime() / 1000 - takenAt),
    holdfast_backup_last_size_bytes: newest?.sizeBytes ?? null,
    holdfast_backup_usual_size_bytes:
      earlierSizesBytes.length < leastEarlier ? null : median(earlierSizesBytes),
    holdfast_backup_count: total,
    holdfast_backup_count_recent: recent,
    holdfast_backup_expected: Number(!isGone(database)),
    holdfast_corrupted_backups: flawCount,
  };
}

function figures(labels: Record<string, string>, values: Values): Figure[] {
  const entries = Object.entries(values) as [GaugeName, number | null][];
  return entries.flatMap(([name, value]) => (value === null ? [] : [{ name, labels, value }]));
}

function seconds(instant: string | null): number | null {
  const ms = instant === null ? Number.NaN : Date.parse(instant);
  return Number.isNaN(ms) ? null : ms / 1000;
}
