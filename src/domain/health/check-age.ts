import { duration, hourMs } from '../durations.js';
import type { DatabaseBackups, HealthFacts } from './facts.js';
import type { Finding } from './finding.js';
import { isGone, nothingToJudge, ofDatabase } from './unjudged.js';

/** How old a database's last whole backup is. */
export function checkAge(facts: HealthFacts, database: DatabaseBackups): Finding {
  const { maxBackupAgeHours } = facts.settings;
  const threshold = `at most ${maxBackupAgeHours} hours old`;
  const finding = ofDatabase('backup_age', facts, database, threshold);
  if (isGone(database)) return nothingToJudge(finding, 'the server has no such database any more');
  const { newest, configured, future, total } = database;
  if (!newest) {
    const why =
      total > future
        ? 'it has no whole backup'
        : future > 0
          ? `its ${future} backups are all dated in the future`
          : 'it was never backed up';
    // What only the server knows of may be nobody's to back up.
    const isWanted = configured || total > 0;
    const remedy = isWanted
      ? `run \`holdfast backup\` for it, and see why none was taken`
      : `run \`holdfast backup\` for it, or leave it: it is not named in holdfast.yaml`;
    return { ...finding, state: isWanted ? 'critical' : 'warning', message: why, remedy };
  }
  const ageHours = Math.max(0, Date.parse(facts.observedAt) - Date.parse(newest.takenAt)) / hourMs;
  const told = {
    ...finding,
    message: `${newest.id} is ${duration(ageHours * 3600)} old`,
    metrics: { backup_age_hours: rounded(ageHours) },
  };
  if (ageHours <= maxBackupAgeHours) return { ...told, state: 'ok' };
  const remedy =
    "see why none was taken since: the schedule, the worker, the last run's log in `logs/`; where the database is gone for good, remove its backups";
  return { ...told, state: 'critical', remedy };
}

function rounded(hours: number): number {
  return Math.round(hours * 100) / 100;
}
