import { basename, join } from 'node:path';
import { isFolder, readText, statFile, undefinedWhenGone } from '../../files/real-file.js';
import { artifactNamesOf, globalsSuffix, keepSuffix } from '../backup-files.js';
import { readMetadataDocument } from '../metadata-document.js';
import type { StoredFile } from '../repository.js';
import { type Layout, metadataPath } from './layout.js';
import { removalUnderWay } from './removal-mark.js';

/**
 * What is stored of a backup, damaged or not, also of one whose removal is under way; nothing where there is none.
 * @throws HoldfastError `SymbolicLinkRefused`
 */
export async function filesOf(layout: Layout, id: string): Promise<StoredFile[]> {
  if (!(await isFolder(layout.full))) return [];
  const listed = metadataPath(layout, id);
  const document = (await statFile(listed)) ? listed : await removalUnderWay(layout, id);
  if (document === undefined) return [];
  const found: StoredFile[] = [];
  for (const name of [...(await namesBeside(document, id)), basename(document)]) {
    const stats = await statFile(join(layout.full, name));
    if (stats) found.push({ file: join(layout.shownFull, name), sizeBytes: stats.size });
  }
  return found;
}

/**
 * The files that belong to the metadata of that path: the artifact that it names, or any of this id when it can't be read;
 * the globals; and a keep. None when it is gone.
 */
export async function namesBeside(document: string, id: string): Promise<string[]> {
  const artifacts = artifactNamesOf(id);
  const text = await readText(document).catch((error: unknown) => undefinedWhenGone(document, error));
  if (text === undefined) return [];
  const read = readMetadataDocument(text);
  const named = 'metadata' in read ? artifacts.filter((name) => name === read.metadata.backup_file) : [];
  return [...(named.length > 0 ? named : artifacts), `${id}${globalsSuffix}`, `${id}${keepSuffix}`];
}
