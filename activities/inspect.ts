import { fullBackupId } from '../src/domain/backup/names.js';
import { estimateArtifactBytes } from '../src/domain/backup/space.js';
import { HoldfastError } from '../src/domain/errors.js';
import { refuseImpossibleName } from '../src/domain/impossible-name.js';
import { formatBytes } from '../src/domain/sizes.js';
import { inspectDatabase } from '../src/postgres/inspect/database.js';
import { findClientTools } from '../src/postgres/program/client-tools.js';
import { showName } from '../src/postgres/quote.js';
import { openRepository } from '../src/repository/open-repository.js';
import type { Repository } from '../src/repository/repository.js';
import { freeTimestamp } from './backup/free-timestamp.js';
import { type ActivityDeps, type BackupStep, clusterOf, toolOptions } from './deps.js';
import { requirePlace } from './place.js';
import { logged } from './step-log.js';

/** What the first look found out. */
export interface Inspection {
  timestamp: string;
  backupId: string;
  databaseSizeBytes: number;
}

/** First looks: is the server there, is the database, are the tools, is there room? */
export function createInspectActivities(deps: ActivityDeps) {
  return {
    /** Finds out that the backup can be made at all, before anything is written; gives it its name. */
    async inspectDatabase(step: BackupStep & { place?: string }): Promise<Inspection> {
      const cluster = clusterOf(deps, step.cluster);
      requirePlace('back up', cluster, step.place);
      const repository = openRepository(cluster);
      await repository.prepare();
      return logged(deps, step, 'inspect', async (log) => {
        refuseImpossibleName('back up', step.database);
        const { major, serverVersion, databaseSizeBytes } = await inspectDatabase(
          cluster.connection,
          step.database,
        );
        const { pgDump } = await findClientTools(major, toolOptions(deps));
        log.info(
          { serverVersion, pgDump: pgDump.path, databaseSizeBytes },
          'server, database and tools are there',
        );
        const timestamp = await freeTimestamp(repository, step.database);
        return { timestamp, backupId: fullBackupId(step.database, timestamp), databaseSizeBytes };
      });
    },

    /** Refuses a backup for which, judged from the last ones, there is no room. */
    async checkSpace(step: BackupStep & { databaseSizeBytes: number }): Promise<{ expectedBytes?: number }> {
      return logged(deps, step, 'check space', async (log) => {
        const repository = openRepository(clusterOf(deps, step.cluster));
        const { backups } = await repository.list({ database: step.database, limit: 3 });
        const { freeBytes } = await repository.freeSpace();
        const neededBytes = estimateArtifactBytes(backups, step.databaseSizeBytes);
        log.info({ freeBytes, neededBytes }, 'looked at free space');
        if (neededBytes !== undefined && freeBytes < neededBytes)
          throw noRoom(repository, step, neededBytes, freeBytes);
        return backups[0] ? { expectedBytes: backups[0].sizeBytes } : {};
      });
    },
  };
}

function noRoom(
  repository: Repository,
  step: BackupStep,
  neededBytes: number,
  freeBytes: number,
): HoldfastError {
  const [needed, free] = [neededBytes, freeBytes].map((bytes) => `${formatBytes(bytes)} (${bytes} bytes)`);
  return new HoldfastError('NotEnoughSpace', {
    attempted: `back up database ${showName(step.database)} to ${repository.root}`,
    cause: `judged from the last backups it needs ${needed}, and ${free} are free`,
    remedy: 'free space, or keep fewer backups (RETENTION_DAYS)',
  });
}
