import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isFolder, lstatIfThere } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import type { Layout } from '../local/layout.js';
import type { StoredFile } from '../repository.js';
import { baseFolder } from './base-layout.js';
import { removalUnderWay } from './base-removal-mark.js';

/** What is stored of a base backup, damaged or not, also of one whose removal was cut short; undefined where there is none. */
export async function filesOfBase(layout: Layout, id: string): Promise<StoredFile[] | undefined> {
  const listed = baseFolder(layout, id);
  const folder = (await isFolder(listed)) ? listed : await removalUnderWay(layout, id);
  if (folder === undefined) return undefined;
  const names = await storing({ attempted: `list ${folder}`, path: folder }, () => readdir(folder));
  const found: StoredFile[] = [];
  for (const name of names.sort()) {
    const stats = await lstatIfThere(join(folder, name));
    if (stats) found.push({ file: join(layout.shownFull, basename(folder), name), sizeBytes: stats.size });
  }
  return found;
}
