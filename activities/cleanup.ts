import { dayMs } from '../src/domain/durations.js';
import { pruneLogs } from '../src/log.js';
import { expireBackups } from '../src/repository/expire-backups.js';
import { openRepository } from '../src/repository/open-repository.js';
import { type ActivityDeps, type BackupStep, clusterOf, runOf } from './deps.js';
import { repositoryWith } from './restore/lease.js';
import { logged } from './step-log.js';

/** Ids told of what retention removed; the rest is only counted. */
const expiredTold = 20;

/** Partial files older than this belong to runs that ended without a cleanup. */
const abandonedAfterMs = 8 * dayMs;

/** Steps that remove. */
export function createCleanupActivities(deps: ActivityDeps) {
  return {
    /** Retention of one database, after a new backup of it was published. */
    async expireBackups(
      step: BackupStep & { keepLast?: number },
    ): Promise<{ expired: string[]; expiredCount: number }> {
      return logged(deps, step, 'cleanup', async (log) => {
        const cluster = clusterOf(deps, step.cluster);
        const { expire } = await expireBackups(openRepository(cluster), {
          database: step.database,
          retentionDays: cluster.retentionDays,
          keepLast: step.keepLast ?? cluster.keepLast,
          now: new Date(),
        });
        for (const { id, because } of expire) log.info({ backup: id }, `expired ${id}: ${because}`);
        return { expired: expire.slice(0, expiredTold).map(({ id }) => id), expiredCount: expire.length };
      });
    },

    /**
     * Removes what this run has left under partial names, what runs of long ago have, and logs of long ago. `read` is
     * the artifact that a restore has read: its lease ends.
     */
    async cleanUpPartials({ cluster, read }: { cluster: string; read?: string }): Promise<void> {
      const { runId } = runOf();
      if (read !== undefined) await repositoryWith(deps, read)?.removePartials(runId);
      const repository = openRepository(clusterOf(deps, cluster));
      await repository.removePartials(runId);
      await repository.removeAbandonedPartials(new Date(Date.now() - abandonedAfterMs));
      await pruneLogs(repository.root);
    },
  };
}
