import { parseBackupId } from './backup-files.js';
import { layoutOf } from './local/layout.js';
import { backupIds } from './local/list.js';

/** Every database that the repository has a backup of, by the backups' names alone, in order. */
export async function backedUpDatabases(root: string, cluster: string): Promise<string[]> {
  const { ids } = await backupIds(layoutOf(root, cluster));
  const names = new Set(ids.map((id) => parseBackupId(id)?.database).filter((name) => name !== undefined));
  return [...names].sort();
}
