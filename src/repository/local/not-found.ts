import { HoldfastError } from '../../domain/errors.js';
import { statFile } from '../../files/real-file.js';
import {
  artifactNamesOf,
  encodedDatabaseOf,
  idOfFile,
  isIdOfDatabase,
  parseBackupId,
} from '../backup-files.js';
import type { Layout } from './layout.js';
import { backupIds } from './list.js';

const namedAtMost = 5;

/** The error for a backup that is not there; its remedy names those that come near. */
export async function notFound(
  layout: Layout,
  reference: string,
  database: string | undefined,
  cause?: string,
): Promise<HoldfastError> {
  const id = idOfFile(reference.slice(reference.lastIndexOf('/') + 1));
  const { ids } = await backupIds(layout);
  return new HoldfastError('BackupNotFound', {
    attempted: `find backup ${JSON.stringify(reference)}${database === undefined ? '' : ` of database ${JSON.stringify(database)}`}`,
    cause: cause ?? (await reasonFor(layout, id)),
    remedy: near(ids, parseBackupId(id)?.database ?? database, layout),
  });
}

async function reasonFor(layout: Layout, id: string): Promise<string> {
  if (id === 'latest' || id === 'oldest') return `there is none in ${layout.full}`;
  if (!parseBackupId(id)) return 'that is not the name of a full backup, DATABASE_full_YYYYMMDD_HHMMSS';
  for (const artifact of artifactNamesOf(id)) {
    if (await statFile(`${layout.full}/${artifact}`)) return `${artifact} is there, but has no ${id}.meta`;
  }
  return `there is none in ${layout.full}`;
}

function near(ids: string[], database: string | undefined, { full }: Layout): string {
  const same = database === undefined ? [] : ids.filter((id) => isIdOfDatabase(id, database));
  if (same.length > 0) return `newest of that database: ${same.slice(0, namedAtMost).join(', ')}`;
  const databases = [
    ...new Set(ids.map((id) => JSON.stringify(parseBackupId(id)?.database ?? encodedDatabaseOf(id)))),
  ].sort();
  if (databases.length === 0)
    return `make one with \`holdfast backup DATABASE\`, or check BACKUP_DIR: there are no backups at all in ${full}`;
  const more = databases.length > namedAtMost ? ` and ${databases.length - namedAtMost} more` : '';
  return `databases with backups: ${databases.slice(0, namedAtMost).join(', ')}${more}`;
}
