import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder, lstatIfThere, removeName } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import type { WalLayout } from './wal-layout.js';

/**
 * Removes partial files of the archive that were last changed, by their inode's time, before `before`: the archive
 * command cleans up after a killed call only when the same file is archived again. Returns their names.
 */
export async function removeAbandonedWal({ partials }: WalLayout, before: Date): Promise<string[]> {
  if (!(await isFolder(partials))) return [];
  const names = await storing({ attempted: `list ${partials}`, path: partials }, () => readdir(partials));
  const removed: string[] = [];
  for (const name of names) {
    const path = join(partials, name);
    const stats = await lstatIfThere(path);
    if (stats && stats.ctimeMs < before.getTime() && (await removeName(path))) removed.push(name);
  }
  return removed;
}
