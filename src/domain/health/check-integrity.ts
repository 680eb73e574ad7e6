import { counted } from '../counts.js';
import type { DatabaseBackups, Flaw, HealthFacts } from './facts.js';
import type { Finding } from './finding.js';
import { ofCluster, ofDatabase } from './unjudged.js';

const damagedRemedy =
  'do not restore from it; take a new backup now, and look at the storage and at who writes to the repository';

/** Whether a database's backups are what their metadata says, as far as they were read. */
export function checkDatabaseIntegrity(facts: HealthFacts, database: DatabaseBackups): Finding {
  const finding = ofDatabase('backup_integrity', facts, database, 'none damaged');
  const { flaws, flawCount, total } = database;
  const metrics = { corrupted_backups: flawCount };
  if (flawCount > 0) {
    const message = `${flawCount} of ${counted(total, 'backup')} damaged: ${inWords(flaws, flawCount)}`;
    return { ...finding, state: 'critical', message, remedy: damagedRemedy, metrics };
  }
  if (total === 0) return { ...finding, state: 'not applicable', message: 'there is no backup', metrics };
  return { ...finding, state: 'ok', message: 'no backup is known to be damaged', metrics };
}

/** What belongs to no database, and whether re-reading keeps up. */
export function checkClusterIntegrity(facts: HealthFacts): Finding {
  const { flaws, flawCount, backups, overdue, unseen } = facts.integrity;
  const { verifyWithinDays } = facts.settings;
  const metrics = { corrupted_backups: flawCount, overdue_backups: overdue };
  const threshold = `each backup read again within ${verifyWithinDays} days`;
  const finding = ofCluster('backup_integrity', facts, threshold, metrics);
  if (flawCount > 0) {
    const message = `${flawCount} damaged: ${inWords(flaws, flawCount)}`;
    return { ...finding, state: 'critical', message, remedy: damagedRemedy };
  }
  if (overdue > 0) {
    const message = `${overdue} of ${counted(backups, 'backup')} not read again within ${verifyWithinDays} days`;
    const remedy =
      'run `holdfast monitor` more often, or raise VERIFY_WITHIN_DAYS; `holdfast verify --all` reads all full ones now';
    return { ...finding, state: 'warning', message, remedy };
  }
  if (backups === 0) return { ...finding, state: 'not applicable', message: 'there is no backup' };
  const left = unseen > 0 ? `; ${unseen} of them left to the next runs to look at` : '';
  return { ...finding, state: 'ok', message: `${counted(backups, 'backup')} re-read in turn${left}` };
}

function inWords(flaws: readonly Flaw[], flawCount: number): string {
  const told = flaws.map(({ file, why }) => `${file}: ${why}`).join('; ');
  return flawCount > flaws.length ? `${told}; and ${flawCount - flaws.length} more` : told;
}
