import { join } from 'node:path';
import { partialName } from '../../domain/backup/names.js';
import { HoldfastError } from '../../domain/errors.js';
import { renameIfThere, syncFolder } from '../../files/durable.js';
import { isFolder, readText, removeName, statFile, undefinedWhenGone } from '../../files/real-file.js';
import {
  artifactNamesOf,
  globalsSuffix,
  keepSuffix,
  metadataSuffix,
  parseBackupId,
} from '../backup-files.js';
import { failpoint } from '../failpoint.js';
import { readMetadataDocument } from '../metadata-document.js';
import { type Layout, metadataPath } from './layout.js';
import { removalRefusal } from './refuse-removal.js';

const removalRun = 'removal-of-';

/** What the metadata's name is while a removal is under way: still undecided, or its files are going. */
const stages = ['unlisted', 'decided'] as const;
type Stage = (typeof stages)[number];

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
  } else if (!(await isUnderWay(layout, id))) return false;
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
  for (const name of isListed ? [] : await filesToRemove(layout, id)) {
    if (await removeName(join(layout.full, name))) removed.push(name);
    failpoint('remove:after-artifact');
  }
  if (await removeName(removalPath(layout, id, 'decided'))) removed.push(removalName(id, 'decided'));
  await syncFolder(layout.full);
  return removed;
}

/** The id whose removal is under way by the name of its mark; undefined for any other name. */
export function idOfRemoval(name: string): string | undefined {
  for (const stage of stages) {
    const [start = '', end = ''] = removalName('\0', stage).split('\0');
    const id = name.startsWith(start) && name.endsWith(end) ? name.slice(start.length, -end.length) : '';
    if (parseBackupId(id)) return id;
  }
  return undefined;
}

async function isUnderWay(layout: Layout, id: string): Promise<boolean> {
  const marks = await Promise.all(stages.map((stage) => statFile(removalPath(layout, id, stage))));
  return marks.some((mark) => mark !== undefined);
}

function throwIf(refusal: HoldfastError | undefined): void {
  if (refusal) throw refusal;
}

/** The artifact that the metadata names, or any of this id when it can't be read; the globals; and a keep left over. */
async function filesToRemove(layout: Layout, id: string): Promise<string[]> {
  const artifacts = artifactNamesOf(id);
  const markPath = removalPath(layout, id, 'decided');
  const text = await readText(markPath).catch((error: unknown) => undefinedWhenGone(markPath, error));
  // Another process has finished the removal.
  if (text === undefined) return [];
  const mark = readMetadataDocument(text);
  const named = 'metadata' in mark ? artifacts.filter((name) => name === mark.metadata.backup_file) : [];
  return [...(named.length > 0 ? named : artifacts), `${id}${globalsSuffix}`, `${id}${keepSuffix}`];
}

function removalName(id: string, stage: Stage): string {
  return partialName(`${removalRun}${id}`, stages.indexOf(stage), metadataSuffix);
}

function removalPath(layout: Layout, id: string, stage: Stage): string {
  return join(layout.full, removalName(id, stage));
}
