import type { ClusterConfig } from '../../src/config/config.js';
import { drillOf } from '../../src/config/fleet.js';
import { messageOf } from '../../src/domain/errors.js';
import { removeScratchClusters } from '../../src/postgres/recovery/scratch-cluster.js';
import { listDrillDatabases } from '../../src/postgres/restore/staging/drill-databases.js';
import { dropMarkedDatabase } from '../../src/postgres/restore/swap/drop-database.js';
import { backedUpDatabases } from '../../src/repository/backed-up-databases.js';
import { openRepository } from '../../src/repository/open-repository.js';
import type { ClusterStep } from '../cluster-step.js';
import { type ActivityDeps, clusterOf } from '../deps.js';
import { cutLines } from '../restore/step.js';
import { drillFolder, drillOwner, loggedDrill } from './step.js';

export interface PlanDrillStep extends ClusterStep {
  /** Only these; absent: all that have a backup and are not left out. */
  databases?: string[];
  /** The last one that was drilled; null: none was. */
  after: string | null;
  limit: number;
}

/** A database whose newest backup is to be drilled, and where. */
export interface PlannedDrill {
  database: string;
  on: string;
  of: string;
  /** Roles that the server lacks are created from the backup. */
  createRoles: boolean;
}

export interface DrillPlan {
  drills: PlannedDrill[];
  /** How many are left after these. */
  more: number;
  /** Whether the settings want a point in time recovered. */
  pointInTime: boolean;
}

/** Steps that find out what is to be drilled. */
export function createDrillPlanActivities(deps: ActivityDeps) {
  return {
    /** Removes what earlier drills of the cluster have left when they were ended hard. */
    async clearDrills(step: ClusterStep): Promise<{ removed: string[]; warnings: string[] }> {
      return loggedDrill(deps, step, 'clear', async (log) => {
        const cluster = clusterOf(deps, step.cluster);
        const found = { removed: [] as string[], warnings: [] as string[] };
        for (const on of serversOf(cluster)) {
          await clearServer(deps, on, drillOwner(cluster), found.removed).catch((error: unknown) => {
            found.warnings.push(
              `what drills may have left on cluster ${on} could not be removed: ${messageOf(error)}`,
            );
          });
        }
        found.removed.push(...(await removeScratchClusters(drillFolder(cluster), drillOwner(cluster))));
        if (found.removed.length > 0) log.info(found, `removed ${found.removed.join(', ')}, left of a drill`);
        return { removed: cutLines(found.removed), warnings: cutLines(found.warnings) };
      });
    },

    /** The next databases to drill, in order. A database that was asked for must have a backup. */
    async planDrill(step: PlanDrillStep): Promise<DrillPlan> {
      return loggedDrill(deps, step, 'plan', async () => {
        const cluster = clusterOf(deps, step.cluster);
        const { after, limit } = step;
        const wanted = step.databases
          ? await requireBackups(cluster, step.databases)
          : (await backedUpDatabases(cluster.repositoryPath, cluster.name)).filter(
              (name) => drillOf(cluster, name).enabled,
            );
        const left = wanted.filter((name) => after === null || name > after);
        const of = drillOwner(cluster);
        const drills = left.slice(0, limit).map((database) => {
          const { on } = drillOf(cluster, database);
          clusterOf(deps, on);
          return { database, on, of, createRoles: cluster.drill.globals };
        });
        return { drills, more: left.length - drills.length, pointInTime: cluster.drill.pointInTime };
      });
    },
  };
}

async function requireBackups(cluster: ClusterConfig, databases: readonly string[]): Promise<string[]> {
  for (const database of databases) await openRepository(cluster).find('latest', database);
  return [...new Set(databases)].sort();
}

/** Every server on which drills of this cluster may be. */
function serversOf(cluster: ClusterConfig): Set<string> {
  const named = Object.keys(cluster.databases).map((database) => drillOf(cluster, database).on);
  return new Set([cluster.name, cluster.drill.on ?? cluster.name, ...named]);
}

async function clearServer(deps: ActivityDeps, on: string, of: string, removed: string[]): Promise<void> {
  const { connection } = clusterOf(deps, on);
  for (const { name, oid, target } of await listDrillDatabases(connection, of)) {
    if (await dropMarkedDatabase(connection, { name, oid, mark: 'drill', target })) removed.push(name);
  }
}
