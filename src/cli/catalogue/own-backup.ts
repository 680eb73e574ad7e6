import { basename } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { parseBaseBackupId } from '../../domain/wal/base-backup.js';
import { parseBackupId } from '../../repository/backup-files.js';
import type { Repository } from '../../repository/repository.js';

/**
 * The id of the repository's full backup that is meant; of a damaged one, only where it is named by that id.
 *
 * @param verb what is to be done with it, for errors
 * @throws HoldfastError as `Repository.find`; `PathRefused` for a base backup, and for one outside the repository
 */
export async function idOfOwn(
  repository: Repository,
  verb: string,
  reference: string,
  database: string | undefined,
): Promise<string> {
  const refuse = (cause: string, remedy: string) =>
    new HoldfastError('PathRefused', { attempted: `${verb} ${JSON.stringify(reference)}`, cause, remedy });
  if (parseBaseBackupId(basename(reference))) {
    const cause = 'base backups go by WAL_RETENTION_DAYS, together with the WAL that they need';
    throw refuse(
      cause,
      'copy its folder elsewhere to have it for longer: it holds the WAL that makes it consistent',
    );
  }
  try {
    const { id, path } = await repository.find(reference, database);
    if (repository.owns(path)) return id;
  } catch (error) {
    const isDamaged = error instanceof HoldfastError && error.type === 'VerificationFailed';
    if (isDamaged && parseBackupId(reference)) return reference;
    throw error;
  }
  throw refuse(
    `it is outside the repository ${repository.root}, where no retention touches it`,
    'nothing need be done',
  );
}
