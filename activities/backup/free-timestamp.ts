import type { BackupSummary } from '../../src/domain/backup/metadata.js';
import { formatTimestamp, fullBackupId } from '../../src/domain/backup/names.js';
import type { Repository } from '../../src/repository/repository.js';

/** The first second, from now on, whose name no backup of the database has. */
export async function freeTimestamp(
  repository: Repository,
  database: string,
  now = Date.now(),
): Promise<string> {
  const idAt = (at: number) => fullBackupId(database, formatTimestamp(new Date(at)));
  const backups = await backupsFrom(repository, database, idAt(now));
  const taken = new Set(backups.map(({ id }) => id));
  let at = now;
  while (taken.has(idAt(at))) at += 1000;
  return formatTimestamp(new Date(at));
}

/** At least those whose names say that second or a later one: many after several within one second. */
async function backupsFrom(repository: Repository, database: string, id: string): Promise<BackupSummary[]> {
  for (let limit = 5; ; limit *= 4) {
    const { backups } = await repository.list({ database, limit });
    if (backups.length < limit || backups.some((backup) => backup.id < id)) return backups;
  }
}
