import type { BackupMetadata, BackupSummary } from '../src/domain/backup/metadata.js';
import { artifactSuffix, fullBackupId, partialName } from '../src/domain/backup/names.js';
import { formatBytes } from '../src/domain/sizes.js';
import { openRepository } from '../src/repository/open-repository.js';
import { type BackupDraft, draftName, readDraft } from './backup/draft.js';
import type { DumpedGlobals } from './backup/store-globals.js';
import { type ActivityDeps, type BackupStep, clusterOf, runOf } from './deps.js';
import type { DumpedArtifact } from './dump.js';
import { logged } from './step-log.js';

export interface PublishStep extends BackupStep {
  timestamp: string;
  dumped: DumpedArtifact;
  globals: DumpedGlobals;
}

export interface PublishedBackup {
  backup: BackupSummary;
  path: string;
}

/** The step after which a backup exists. */
export function createPublishActivities(deps: ActivityDeps) {
  return {
    /** Renames the verified files into place, the metadata last. Tried again, it returns the same backup. */
    async publishBackup(step: PublishStep): Promise<PublishedBackup> {
      return logged(deps, step, 'publish', async (log) => {
        const repository = openRepository(clusterOf(deps, step.cluster));
        const { runId, attempt } = runOf();
        const id = fullBackupId(step.database, step.timestamp);
        const { dumped, globals } = step;
        const draft = await readDraft(repository, draftName(runId, dumped.attempt));
        await repository.publish({
          artifactPartial: partialName(runId, dumped.attempt, artifactSuffix[dumped.compression]),
          ...(globals.partial !== null && { globalsPartial: globals.partial }),
          attempt,
          metadata: complete(draft, id, globals),
        });
        const { summary, path } = await repository.find(id);
        log.success({ backup: id, sizeBytes: summary.sizeBytes }, `published ${id}`);
        return { backup: summary, path };
      });
    },
  };
}

function complete(draft: BackupDraft, id: string, globals: DumpedGlobals): BackupMetadata {
  const now = new Date();
  const { backup_file, database, timestamp, size_bytes, ...rest } = draft;
  // The fields that every reader knows stand first.
  return {
    ...{ backup_file, database, timestamp, size_bytes },
    size_human: formatBytes(size_bytes),
    duration_seconds: Math.round((now.getTime() - Date.parse(draft.started_at)) / 1000),
    ...rest,
    format_version: 1,
    finished_at: now.toISOString(),
    verified_at: now.toISOString(),
    globals_file: globals.partial === null ? null : `${id}.globals.sql.gz`,
    globals_missing_because: globals.missingBecause,
  };
}
