import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import {
  encodedDatabaseOf,
  idOfFile,
  metadataSuffix,
  newestIdFirst,
  parseBackupId,
} from '../backup-files.js';
import type { FoundBackup } from '../repository.js';
import type { Layout } from './layout.js';
import { backupIds } from './list.js';
import { notFound } from './not-found.js';
import { readBackup } from './read-backup.js';

/** Ids by name at either end, among which the newest or oldest is: scripts' names may be off by 14 hours. */
const endsConsidered = 30;

/** Finds the one backup that a person or a workflow means. */
export async function find(layout: Layout, reference: string, database?: string): Promise<FoundBackup> {
  if (reference === 'latest' || reference === 'oldest') return findAtEnd(layout, reference, database);
  const name = basename(reference);
  const id = idOfFile(name);
  const place = placeOf(layout, reference);
  const found = parseBackupId(id) ? await readOrThrow(place, id) : undefined;
  if (!found) throw await notFound(place, reference, database);
  const names = [id, `${id}${metadataSuffix}`, found.metadata.backup_file];
  if (!names.includes(name)) {
    throw await notFound(place, reference, database, `that is not its artifact; the backup is ${id}`);
  }
  if (database !== undefined && found.summary.database !== database) {
    throw await notFound(
      place,
      reference,
      database,
      `it is of database ${JSON.stringify(found.summary.database)}`,
    );
  }
  return found;
}

/** The folder that a reference leads to: outside the repository only when it is a full path. */
function placeOf(layout: Layout, reference: string): Layout {
  if (isAbsolute(reference) && !reference.includes('\0')) {
    const folder = dirname(resolve(reference));
    return folder === layout.full ? layout : { ...layout, full: folder, shownFull: folder };
  }
  const [folder, ...rest] = reference.split('/');
  if (rest.length === 0 || (rest.length === 1 && folder === layout.shownFull)) return layout;
  throw new HoldfastError('PathRefused', {
    attempted: `find backup ${JSON.stringify(reference)}`,
    cause: `the path leads out of ${layout.full}`,
    remedy: 'name the backup by its id; or, if it is outside the repository, by its full path',
  });
}

async function findAtEnd(layout: Layout, end: 'latest' | 'oldest', database?: string): Promise<FoundBackup> {
  const { ids } = await backupIds(layout, database);
  if (database === undefined && new Set(ids.map(encodedDatabaseOf)).size > 1) {
    throw await notFound(layout, end, undefined, 'the repository has more than one database: name one');
  }
  const candidates = end === 'latest' ? ids.slice(0, endsConsidered) : ids.slice(-endsConsidered);
  const reads = await Promise.all(candidates.map((id) => readBackup(layout, id)));
  const found = reads
    .flatMap((read) => (read && 'backup' in read ? [read.backup] : []))
    .filter(({ summary }) => database === undefined || summary.database === database)
    .sort((a, b) => Date.parse(b.summary.takenAt) - Date.parse(a.summary.takenAt));
  const wanted = end === 'latest' ? found[0] : found.at(-1);
  const beyond = candidates.filter((id) => isBeyond(id, end, wanted));
  // Taking another one silently when the very one is damaged would be no `latest`.
  for (const id of beyond) await readOrThrow(layout, id);
  if (!wanted) throw await notFound(layout, end, database);
  return wanted;
}

/** Whether `id`, by its name, lies beyond what was found at that end. */
function isBeyond(id: string, end: 'latest' | 'oldest', found: FoundBackup | undefined): boolean {
  if (!found) return true;
  const order = newestIdFirst(id, found.summary.id);
  return end === 'latest' ? order < 0 : order > 0;
}

/** The backup, undefined when there is no metadata; throws when it is damaged. */
async function readOrThrow(layout: Layout, id: string): Promise<FoundBackup | undefined> {
  const read = await readBackup(layout, id);
  if (!read || 'backup' in read) return read?.backup;
  throw new HoldfastError(read.type, {
    attempted: `read backup ${id}`,
    cause: read.why,
    remedy: 'use another backup, named by its id: `holdfast list` shows them',
  });
}
