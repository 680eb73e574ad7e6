import type {
  BackUpClusterInput,
  BackUpClusterResult,
  CarriedBackups,
  ClusterBackupStatus,
} from '../../src/domain/backup/cluster-contracts.js';
import { counted } from '../../src/domain/counts.js';
import { bytes } from '../../src/domain/sizes.js';
import type { Untimed } from '../alerts.js';
import { detailsOf, markdownSafe } from '../details.js';

const shownFailures = 30;
const toldFailures = 20;
const longestMessage = 4000;

/** The run's current details in Temporal's Web UI: how far it is, and what failed. */
export function describeBackups(
  { cluster, requester }: BackUpClusterInput,
  { total, done, failed, running }: ClusterBackupStatus,
  { entries, sizeBytes }: CarriedBackups,
): string {
  const details = detailsOf(['back up', 'done'], done < total || total === 0 ? 'back up' : 'done', [
    ['cluster', `\`${markdownSafe(cluster)}\``],
    ['asked by', markdownSafe(requester)],
    ['databases', `${done} of ${total}, ${failed} failed`],
    ['stored', bytes(sizeBytes)],
    ['running', running.slice(0, toldFailures).map(markdownSafe).join(', ')],
  ]);
  const rows = entries
    .filter(({ error }) => error)
    .slice(0, shownFailures)
    .map(
      ({ database, error }) =>
        `| ${markdownSafe(database)} | ${markdownSafe(error?.message.slice(0, 200) ?? '')} |`,
    );
  return [details, ...(rows.length > 0 ? ['', '| failed | why |', '|---|---|', ...rows] : [])].join('\n');
}

/** What is told once at the end, in place of an alert for each database. */
export function alertOfBackups(
  cluster: string,
  { total, failed, sizeBytes, entries }: BackUpClusterResult,
): Untimed {
  const run = { cluster, database: '', metrics: { databases: total, failed, size_bytes: sizeBytes } };
  const done = `backed up ${total - failed} of ${counted(total, 'database')} of cluster ${cluster}`;
  if (failed === 0) return { ...run, type: 'backup_succeeded', priority: 'info', message: done };
  const told = entries.flatMap(({ database, error }) => (error ? [`${database}: ${error.message}`] : []));
  const list = told.slice(0, toldFailures).join('; ');
  const more = failed - Math.min(told.length, toldFailures);
  const message = `${done}; ${failed} failed: ${list}`.slice(0, longestMessage);
  return {
    ...{ ...run, type: 'backup_failed', priority: 'critical' },
    message: more > 0 ? `${message}; and ${more} more` : message,
  };
}
