import { basename } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { parseBaseBackupId } from '../../domain/wal/base-backup.js';
import { parseBackupId } from '../../repository/backup-files.js';
import type { Repository } from '../../repository/repository.js';

/**
 * The id of the repository's full backup that is meant; of one that is damaged, or whose removal was cut short, only where
 * it is named by that id.
 *
 * @param verb what is to be done with it, for errors
 * @param withBase what to do instead with a base backup
 * @throws HoldfastError as `Repository.find`; `PathRefused` for a base backup, and for one outside the repository
 */
export async function idOfOwn(
  repository: Repository,
  { verb, withBase }: { verb: string; withBase: string },
  reference: string,
  database: string | undefined,
): Promise<string> {
  const refuse = (cause: string, remedy: string) =>
    new HoldfastError('PathRefused', { attempted: `${verb} ${JSON.stringify(reference)}`, cause, remedy });
  if (parseBaseBackupId(basename(reference))) {
    throw refuse('base backups go by WAL_RETENTION_DAYS, together with the WAL that they need', withBase);
  }
  try {
    const { id, path } = await repository.find(reference, database);
    if (repository.owns(path)) return id;
  } catch (error) {
    const isNoWholeBackup =
      error instanceof HoldfastError && ['VerificationFailed', 'BackupNotFound'].includes(error.type);
    if (isNoWholeBackup && parseBackupId(reference) && (await repository.filesOf(reference)).length > 0)
      return reference;
    throw error;
  }
  throw refuse(`it is outside the repository ${repository.root}`, 'name one that `holdfast list` shows');
}
