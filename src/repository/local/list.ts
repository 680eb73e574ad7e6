import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupSummary } from '../../domain/backup/metadata.js';
import { parseTimestamp } from '../../domain/backup/names.js';
import { isFolder } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { isIdOfDatabase, metadataSuffix, newestIdFirst, parseBackupId } from '../backup-files.js';
import type { FoundBackup, ListFilter, Listing } from '../repository.js';
import { widestOffsetMs } from '../taken-at.js';
import type { Layout } from './layout.js';
import { readBackup } from './read-backup.js';

/** Metadata files that are read at the same time. */
const readsAtOnce = 16;

/** Lists backups, newest first, and metadata that stands for none. Sorts names first, to read no more than needed. */
export async function listBackups(layout: Layout, filter: ListFilter = {}): Promise<Listing> {
  const limit = filter.limit ?? Number.POSITIVE_INFINITY;
  const { ids: named, misnamed } = await backupIds(layout, filter.database);
  const ids = named.filter((id) => mayBeWithin(id, filter));
  const listing: Listing = { backups: [], broken: [] };
  if (filter.database === undefined) {
    for (const id of misnamed)
      listing.broken.push(broken(layout, id, 'its name is not that of a full backup'));
  }
  for (let next = 0; next < ids.length && listing.backups.length < limit; ) {
    const batch = ids.slice(next, next + Math.min(readsAtOnce, limit - listing.backups.length));
    next += batch.length;
    const reads = await Promise.all(batch.map((id) => readBackup(layout, id)));
    reads.forEach((read, position) => {
      const id = batch[position] ?? '';
      if (read && !('backup' in read)) listing.broken.push(broken(layout, id, read.why));
      else if (read && isWanted(read.backup, filter)) listing.backups.push(read.backup.summary);
    });
  }
  listing.backups.sort(newestBackupFirst);
  return listing;
}

/** Ids that have metadata, newest first by name; and what else ends in `.meta`. */
export async function backupIds(
  layout: Layout,
  database?: string,
): Promise<{ ids: string[]; misnamed: string[] }> {
  if (!(await isFolder(layout.full))) return { ids: [], misnamed: [] };
  const context = { attempted: `list ${layout.full}`, path: layout.full };
  const names = await storing(context, () => readdir(layout.full));
  const ids: string[] = [];
  const misnamed: string[] = [];
  for (const name of names) {
    if (!name.endsWith(metadataSuffix) || name.startsWith('.')) continue;
    const id = name.slice(0, -metadataSuffix.length);
    if (!parseBackupId(id)) misnamed.push(id);
    else if (database === undefined || isIdOfDatabase(id, database)) ids.push(id);
  }
  return { ids: ids.sort(newestIdFirst), misnamed: misnamed.sort() };
}

/** Orders by when they were taken. */
export function newestBackupFirst(a: BackupSummary, b: BackupSummary): number {
  return Date.parse(b.takenAt) - Date.parse(a.takenAt) || newestIdFirst(a.id, b.id);
}

function isWanted({ summary }: FoundBackup, filter: ListFilter): boolean {
  const { database } = filter;
  if (database !== undefined && summary.database !== database) return false;
  return isWithin(Date.parse(summary.takenAt), filter, 0);
}

/** Whether its metadata need be read, by its name, in which scripts wrote the time of anywhere. */
function mayBeWithin(id: string, filter: ListFilter): boolean {
  const named = parseBackupId(id)?.timestamp;
  const at = named === undefined ? undefined : parseTimestamp(named);
  return at === undefined || isWithin(at.getTime(), filter, widestOffsetMs);
}

function isWithin(at: number, { since, until }: ListFilter, toleranceMs: number): boolean {
  if (since && at < since.getTime() - toleranceMs) return false;
  return !until || at <= until.getTime() + toleranceMs;
}

/** Metadata that stands for no whole backup. */
export function broken(layout: Layout, id: string, why: string) {
  return { id, file: join(layout.shownFull, `${id}${metadataSuffix}`), why };
}
