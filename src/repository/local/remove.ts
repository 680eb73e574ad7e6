import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { partialName } from '../../domain/names.js';
import { artifactNamesOf, globalsSuffix, metadataSuffix, parseBackupId } from '../backup-files.js';
import { failpoint } from '../failpoint.js';
import { readMetadataDocument } from '../metadata-document.js';
import { renameInto, syncFolder } from './durable.js';
import { type Layout, metadataPath } from './layout.js';
import { isFolder, readText, removeName, statFile } from './real-file.js';

const removalRun = 'removal-of-';

/** Unlists a backup, then removes its files. False when there is none of this id. */
export async function remove(layout: Layout, id: string): Promise<boolean> {
  if (!parseBackupId(id)) {
    throw new HoldfastError('PathRefused', {
      attempted: `remove backup ${JSON.stringify(id)}`,
      cause: 'that is no id',
      remedy: 'name the backup as `holdfast list` shows it',
    });
  }
  if (!(await isFolder(layout.full))) return false;
  const isListed = await statFile(metadataPath(layout, id));
  if (isListed) await unlist(layout, id);
  else if (!(await statFile(removalPath(layout, id)))) return false;
  await finishRemoval(layout, id);
  return true;
}

/** Renames the metadata to the mark of a removal under way, so that a crash leaves no file without a trace. */
async function unlist(layout: Layout, id: string): Promise<void> {
  // Refuses a symbolic link while nothing has been touched.
  for (const name of [...artifactNamesOf(id), `${id}${globalsSuffix}`])
    await statFile(join(layout.full, name));
  await renameInto(metadataPath(layout, id), removalPath(layout, id));
  await syncFolder(layout.full);
  failpoint('remove:after-unlisting');
}

/** Removes the files of a backup that is unlisted already, the mark last. Returns the names removed. */
export async function finishRemoval(layout: Layout, id: string): Promise<string[]> {
  const removed: string[] = [];
  const isListed = (await statFile(metadataPath(layout, id))) !== undefined;
  for (const name of isListed ? [] : await filesToRemove(layout, id)) {
    if (await removeName(join(layout.full, name))) removed.push(name);
    failpoint('remove:after-artifact');
  }
  if (await removeName(removalPath(layout, id))) removed.push(removalName(id));
  await syncFolder(layout.full);
  return removed;
}

/** The id whose removal is under way by the name of its mark; undefined for any other name. */
export function idOfRemoval(name: string): string | undefined {
  const [start = '', end = ''] = removalName('\0').split('\0');
  if (!name.startsWith(start) || !name.endsWith(end)) return undefined;
  const id = name.slice(start.length, -end.length);
  return parseBackupId(id) ? id : undefined;
}

/** The artifact that the metadata names, or any of this id when it can't be read; and the globals. */
async function filesToRemove(layout: Layout, id: string): Promise<string[]> {
  const artifacts = artifactNamesOf(id);
  const mark = readMetadataDocument(await readText(removalPath(layout, id)));
  const named = 'metadata' in mark ? artifacts.filter((name) => name === mark.metadata.backup_file) : [];
  return [...(named.length > 0 ? named : artifacts), `${id}${globalsSuffix}`];
}

function removalName(id: string): string {
  return partialName(`${removalRun}${id}`, 0, metadataSuffix);
}

function removalPath(layout: Layout, id: string): string {
  return join(layout.full, removalName(id));
}
