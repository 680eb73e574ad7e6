import { readdir } from 'node:fs/promises';
import { partialPrefix } from '../../domain/backup/names.js';
import { isFolder } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import type { Layout } from './layout.js';

/** Names of every partial file of the repository, in order. */
export async function partialNames(layout: Layout): Promise<string[]> {
  if (!(await isFolder(layout.full))) return [];
  const context = { attempted: `list ${layout.full}`, path: layout.full };
  const names = await storing(context, () => readdir(layout.full));
  return names.filter((name) => name.startsWith(partialPrefix)).sort();
}
