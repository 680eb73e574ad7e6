import { encodedDatabaseOf } from '../backup-files.js';
import type { Listing } from '../repository.js';
import type { Layout } from './layout.js';
import { backupIds, broken, newestBackupFirst } from './list.js';
import { readBackup } from './read-backup.js';

/** Databases that are looked at the same time. */
const databasesAtOnce = 16;

/** The newest whole backup of each database, and what was found broken on the way to it. */
export async function listNewestBackups(layout: Layout): Promise<Listing> {
  const { ids } = await backupIds(layout);
  const byDatabase = new Map<string, string[]>();
  for (const id of ids) {
    const known = byDatabase.get(encodedDatabaseOf(id));
    if (known) known.push(id);
    else byDatabase.set(encodedDatabaseOf(id), [id]);
  }
  const listing: Listing = { backups: [], broken: [] };
  const databases = [...byDatabase.values()];
  for (let next = 0; next < databases.length; next += databasesAtOnce) {
    const batch = databases.slice(next, next + databasesAtOnce);
    await Promise.all(batch.map((newestFirst) => findWhole(layout, newestFirst, listing)));
  }
  listing.backups.sort(newestBackupFirst);
  return listing;
}

async function findWhole(layout: Layout, newestFirst: readonly string[], listing: Listing): Promise<void> {
  for (const id of newestFirst) {
    const read = await readBackup(layout, id);
    if (read && 'backup' in read) return void listing.backups.push(read.backup.summary);
    if (read) listing.broken.push(broken(layout, id, read.why));
  }
}
