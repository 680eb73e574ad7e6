import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { renameIfThere, syncFolder } from '../../files/durable.js';
import { isFolder, removeName, statFile } from '../../files/real-file.js';
import { artifactNamesOf, globalsSuffix, parseBackupId } from '../backup-files.js';
import { failpoint } from '../failpoint.js';
import { namesBeside } from './files-of.js';
import { type Layout, metadataPath } from './layout.js';
import { removalRefusal } from './refuse-removal.js';
import { removalName, removalPath, removalUnderWay } from './removal-mark.js';

/**
 * Unlists a backup, then removes its files. False when there is none of this id.
 *
 * @throws HoldfastError `BackupInUse` for one that is being read, `RemovalRefused` for one that is kept by hand: it stays
 * listed, or is listed again
 */
export async function remove(layout: Layout, id: string): Promise<boolean> {
  if (!parseBackupId(id)) {
    throw new HoldfastError('PathRefused', {
      attempted: `remove backup ${JSON.stringify(id)}`,
      cause: 'that is no id',
      remedy: 'name the backup as `holdfast list` shows it',
    });
  }
  if (!(await isFolder(layout.full))) return false;
  if (await statFile(metadataPath(layout, id))) {
    // Who reads it already is not to see it unlisted, not even for an instant.
    throwIf(await removalRefusal(layout, id));
    await unlist(layout, id);
  } else if ((await removalUnderWay(layout, id)) === undefined) return false;
  throwIf(await decide(layout, id));
  await finishRemoval(layout, id);
  return true;
}

/** Renames the metadata to the mark of a removal under way, so that a crash leaves no file without a trace. */
async function unlist(layout: Layout, id: string): Promise<void> {
  // Refuses a symbolic link while nothing has been touched.
  for (const name of [...artifactNamesOf(id), `${id}${globalsSuffix}`])
    await statFile(join(layout.full, name));
  await renameIfThere(metadataPath(layout, id), removalPath(layout, id, 'unlisted'));
  await syncFolder(layout.full);
  failpoint('remove:after-unlisting');
}

/**
 * Decides about a backup that is unlisted: its files go, or, where a reader or a keep came in between, it is listed again;
 * then tells why. Each is one rename of the same mark, so that of two processes only one decides.
 */
async function decide(layout: Layout, id: string): Promise<HoldfastError | undefined> {
  const refusal = await removalRefusal(layout, id);
  const listed = metadataPath(layout, id);
  // Somebody may have put metadata there meanwhile, which then stays.
  const isFree = !(await statFile(listed));
  const outcome = refusal && isFree ? listed : removalPath(layout, id, 'decided');
  await renameIfThere(removalPath(layout, id, 'unlisted'), outcome);
  await syncFolder(layout.full);
  failpoint('remove:after-decision');
  return (await statFile(listed)) ? refusal : undefined;
}

/** Removes the files of a backup that is unlisted already, the mark last. Returns the names removed. */
export async function finishRemoval(layout: Layout, id: string): Promise<string[]> {
  if (await statFile(removalPath(layout, id, 'unlisted'))) await decide(layout, id);
  if (!(await statFile(removalPath(layout, id, 'decided')))) return [];
  const removed: string[] = [];
  const isListed = (await statFile(metadataPath(layout, id))) !== undefined;
  for (const name of isListed ? [] : await namesBeside(removalPath(layout, id, 'decided'), id)) {
    if (await removeName(join(layout.full, name))) removed.push(name);
    failpoint('remove:after-artifact');
  }
  if (await removeName(removalPath(layout, id, 'decided'))) removed.push(removalName(id, 'decided'));
  await syncFolder(layout.full);
  return removed;
}

function throwIf(refusal: HoldfastError | undefined): void {
  if (refusal) throw refusal;
}
