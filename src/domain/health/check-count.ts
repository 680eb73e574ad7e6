import { counted } from '../counts.js';
import type { DatabaseBackups, HealthFacts } from './facts.js';
import type { Finding } from './finding.js';
import { isGone, nothingToJudge, ofCluster, ofDatabase } from './unjudged.js';

/** Whether a database was backed up in the last seven days at all. */
export function checkCount(facts: HealthFacts, database: DatabaseBackups): Finding {
  const finding = ofDatabase('backup_count', facts, database, 'at least one in 7 days');
  const { total, recent, configured } = database;
  const metrics = { backup_count_total: total, backup_count_recent: recent };
  if (isGone(database))
    return { ...nothingToJudge(finding, 'the server has no such database any more'), metrics };
  const message = `${recent} in the last 7 days, ${total} in all`;
  if (recent > 0) return { ...finding, state: 'ok', message, metrics };
  // What only the server knows of is told once, by its age.
  if (total === 0 && !configured)
    return { ...nothingToJudge(finding, 'nobody asks for its backups'), metrics };
  const remedy = 'see why none was taken: the schedule, the worker, the logs in `logs/`';
  return { ...finding, state: 'critical', message, metrics, remedy };
}

/** A repository without any backup is never fine, also where nobody named a database. */
export function checkClusterCount(facts: HealthFacts): Finding {
  const { backups } = facts.integrity;
  const finding = ofCluster('backup_count', facts, 'at least one', { backup_count_total: backups });
  if (backups > 0) return { ...finding, state: 'ok', message: counted(backups, 'backup') };
  const message = `there is no backup at all in ${facts.repository.path}`;
  const remedy = 'run `holdfast backup --all`; or look whether BACKUP_DIR is the right folder';
  return { ...finding, state: 'critical', message, remedy };
}
