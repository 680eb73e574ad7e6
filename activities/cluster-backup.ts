import { type ClusterBackupEntry, isIncluded } from '../src/domain/cluster-backup-contracts.js';
import { addToReport } from '../src/log.js';
import { listDatabases } from '../src/postgres/connection.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { requirePlace } from './place.js';

export interface DiscoverStep {
  cluster: string;
  place?: string;
  /** Patterns instead of the settings'. */
  include?: string[];
  exclude?: string[];
  /** The last database of the page before; null: this is the first. */
  after: string | null;
  limit: number;
}

/** A page of a cluster's databases. */
export interface DiscoveredDatabases {
  databases: string[];
  /** How many are left after these. */
  more: number;
  /** How many the settings want backed up at a time. */
  parallel: number;
}

export interface RecordBackupsStep {
  cluster: string;
  /** When the whole began, ISO 8601, and its first run: they name its report. */
  startedAt: string;
  firstRunId: string;
  /** What the report says of the whole so far. */
  head: object;
  entries: ClusterBackupEntry[];
}

/** Steps of a backup of a whole cluster. */
export function createClusterBackupActivities(deps: ActivityDeps) {
  return {
    /** Databases of the cluster that accept connections, are no template and none of Holdfast's own, in order. */
    async discoverDatabases(step: DiscoverStep): Promise<DiscoveredDatabases> {
      const cluster = clusterOf(deps, step.cluster);
      requirePlace('back up', cluster, step.place);
      const { include, exclude, parallel } = cluster.backups;
      const patterns = { include: step.include ?? include, exclude: step.exclude ?? exclude };
      const all = await listDatabases(cluster.connection);
      const left = all
        .filter((name) => isIncluded(name, patterns))
        .sort()
        .filter((name) => step.after === null || name > step.after);
      const databases = left.slice(0, step.limit);
      return { databases, more: left.length - databases.length, parallel };
    },

    /** Adds databases to the report in `logs/`, and gives its full path. */
    async recordBackups(step: RecordBackupsStep): Promise<string> {
      const { cluster, startedAt, firstRunId: runId, head, entries } = step;
      const { repositoryPath } = clusterOf(deps, cluster);
      const id = { cluster, workflowId: runOf().workflowId, runId, startedAt: new Date(startedAt) };
      return addToReport(repositoryPath, 'backup-report', id, {
        head: { cluster, startedAt, ...head },
        entries: Object.fromEntries(entries.map((entry) => [entry.database, entry])),
      });
    },
  };
}
