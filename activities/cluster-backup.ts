import {
  type ClusterBackupEntry,
  isIncluded,
  type LeftOutDatabase,
} from '../src/domain/backup/cluster-contracts.js';
import { addToReport } from '../src/log.js';
import { listEveryDatabase } from '../src/postgres/connection/connection.js';
import type { KnownDatabase } from '../src/postgres/connection/read-databases.js';
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
  /** What none of the pages has; the first hundred. Absent in histories of before. */
  leftOut?: LeftOutDatabase[];
  leftOutCount?: number;
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

/** What a message can bear of them. */
const mostLeftOut = 100;

/** Why a database is left out, if it is. */
function leftOutOf(
  { name, notBackedUpBecause }: KnownDatabase,
  { include, exclude }: Parameters<typeof isIncluded>[1],
): LeftOutDatabase[] {
  const because =
    notBackedUpBecause ??
    (isIncluded(name, { include }) ? !isIncluded(name, { exclude }) && 'in exclude' : 'not in include');
  return because ? [{ database: name, because }] : [];
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
      const all = await listEveryDatabase(cluster.connection);
      const leftOut = all.flatMap((database) => leftOutOf(database, patterns));
      const isLeftOut = new Set(leftOut.map(({ database }) => database));
      const left = all
        .flatMap(({ name }) => (isLeftOut.has(name) ? [] : [name]))
        .sort()
        .filter((name) => step.after === null || name > step.after);
      const databases = left.slice(0, step.limit);
      const told = { leftOut: leftOut.slice(0, mostLeftOut), leftOutCount: leftOut.length };
      return { databases, more: left.length - databases.length, parallel, ...told };
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
