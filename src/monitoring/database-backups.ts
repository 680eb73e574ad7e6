import { dayMs } from '../domain/durations.js';
import type { DatabaseBackups } from '../domain/health/facts.js';
import type { SurveyedBackup } from '../repository/survey/surveyed-backup.js';

interface Question {
  backups: readonly SurveyedBackup[];
  /** Databases that holdfast.yaml names. */
  configured: readonly string[];
  /** Those that the server has, when it was last asked; null: nobody ever did. */
  onServer: readonly string[] | null;
  now: Date;
}

const weekMs = 7 * dayMs;

/** Clocks of two hosts differ. */
const clockToleranceMs = 10 * 60 * 1000;

const sizesCompared = 10;
/** Facts of fifty databases are to fit into one message. */
const mostFlaws = 2;
const longestWhy = 150;

/** A server has it for its administrators, whether or not anything is in it. */
const maintenanceDatabase = 'postgres';

/** What there is of each database: of those with backups, those that are named, and those of the server. By name. */
export function databaseBackups({ backups, configured, onServer, now }: Question): DatabaseBackups[] {
  const groups = new Map<string, SurveyedBackup[]>();
  const others = onServer?.filter((name) => name !== maintenanceDatabase) ?? [];
  for (const name of [...configured, ...others]) groups.set(name, []);
  for (const backup of backups) {
    if (backup.database === null) continue;
    const group = groups.get(backup.database);
    if (group) group.push(backup);
    else groups.set(backup.database, [backup]);
  }
  const names = [...groups.keys()].sort((a, b) => (a < b ? -1 : 1));
  return names.map((database) => ({
    database,
    configured: configured.includes(database),
    onServer: onServer?.includes(database) ?? null,
    ...summaryOf(groups.get(database) ?? [], now),
  }));
}

function summaryOf(backups: SurveyedBackup[], now: Date) {
  const latest = now.getTime() + clockToleranceMs;
  const flawed = backups.filter(({ flaw }) => flaw !== '').sort(newestFirst);
  const past = backups.filter(({ takenAtMs }) => takenAtMs <= latest);
  const whole = past.filter(({ flaw }) => flaw === '').sort(newestFirst);
  const [newest, ...earlier] = whole;
  return {
    newest: newest
      ? { id: newest.id, takenAt: new Date(newest.takenAtMs).toISOString(), sizeBytes: newest.sizeBytes }
      : null,
    // One that was not looked at yet has no size.
    earlierSizesBytes: sizesOf(earlier).slice(0, sizesCompared),
    total: backups.length,
    recent: whole.filter(({ takenAtMs }) => now.getTime() - takenAtMs <= weekMs).length,
    future: backups.length - past.length,
    flaws: flawed.slice(0, mostFlaws).map(({ id, flaw }) => ({ file: id, why: flaw.slice(0, longestWhy) })),
    flawCount: flawed.length,
  };
}

function sizesOf(backups: readonly SurveyedBackup[]): number[] {
  return backups.map(({ sizeBytes }) => sizeBytes).filter((sizeBytes) => sizeBytes > 0);
}

function newestFirst(a: SurveyedBackup, b: SurveyedBackup): number {
  return b.takenAtMs - a.takenAtMs;
}
