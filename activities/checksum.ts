import { artifactSuffix, partialName } from '../src/domain/backup/names.js';
import { HoldfastError } from '../src/domain/errors.js';
import { hashFile } from '../src/files/hash-file.js';
import { openRepository } from '../src/repository/open-repository.js';
import { type ActivityDeps, type BackupStep, clusterOf, runOf } from './deps.js';
import type { DumpedArtifact } from './dump.js';
import { beatWithProgress } from './heartbeat/progress.js';
import { logged } from './step-log.js';

/** Steps that hold what is stored against what was dumped. */
export function createChecksumActivities(deps: ActivityDeps) {
  return {
    /**
     * Reads the stored file once more, now that it is durable. Its content was decompressed and counted while it
     * was written: with the same SHA-256 it is the same content.
     */
    async checksumArtifact(step: BackupStep & { dumped: DumpedArtifact }): Promise<void> {
      const { dumped } = step;
      await logged(deps, step, 'checksum', async () => {
        const repository = openRepository(clusterOf(deps, step.cluster));
        const name = partialName(runOf().runId, dumped.attempt, artifactSuffix[dumped.compression]);
        const path = repository.partialPath(name);
        const beat = beatWithProgress(dumped.sizeBytes);
        const found = await hashFile(path, { onProgress: beat.stored });
        if (found.checksum === dumped.checksum && found.sizeBytes === dumped.sizeBytes) return;
        throw new HoldfastError('VerificationFailed', {
          attempted: `verify ${path}`,
          cause: `${found.sizeBytes} bytes with SHA-256 ${found.checksum} were read back, ${dumped.sizeBytes} with ${dumped.checksum} were written`,
          remedy: 'look at the storage: it gives back other bytes than it took',
        });
      });
    },
  };
}
