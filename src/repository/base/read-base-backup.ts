import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import {
  type BaseBackupMetadata,
  type BaseBackupSummary,
  parseBaseBackupId,
  summariseBase,
} from '../../domain/wal/base-backup.js';
import { isFolder, readText, statFile } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { newestIdFirst } from '../backup-files.js';
import type { Layout } from '../local/layout.js';
import type { BrokenEntry } from '../repository.js';
import { readBaseDocument } from './base-document.js';
import { baseFolder, baseMetadataName, baseMetadataPath } from './base-layout.js';

/** A base backup of the repository. */
export interface FoundBase {
  id: string;
  /** Full path. */
  folder: string;
  metadata: BaseBackupMetadata;
}

export interface BaseListing {
  /** Newest first. */
  bases: BaseBackupSummary[];
  /** Folders that hold no whole base backup. */
  broken: BrokenEntry[];
}

/** Lists base backups by their metadata, newest first, and tells of those that are damaged. */
export async function listBases(layout: Layout): Promise<BaseListing> {
  const listing: BaseListing = { bases: [], broken: [] };
  for (const id of await baseIds(layout)) {
    const read = await readBaseBackup(layout, id);
    if (read === undefined) continue;
    if ('metadata' in read) listing.bases.push(summariseBase(read.metadata));
    else listing.broken.push({ id, file: join(layout.shownFull, id, baseMetadataName), why: read.why });
  }
  return listing;
}

/**
 * The base backup of an id, or the newest whole one for `latest`.
 * @throws HoldfastError `BackupNotFound`, `VerificationFailed` where it is damaged, `PathRefused`, `SymbolicLinkRefused`
 */
export async function findBase(layout: Layout, reference: string): Promise<FoundBase> {
  const ids = reference === 'latest' ? await baseIds(layout) : [reference];
  for (const id of ids) {
    const read = await readBaseBackup(layout, id);
    if (read === undefined) continue;
    if ('metadata' in read) return { id, folder: baseFolder(layout, id), metadata: read.metadata };
    if (reference === 'latest') continue;
    const remedy = 'use another base backup, and find out what changed this one';
    throw new HoldfastError('VerificationFailed', {
      attempted: `read base backup ${id}`,
      cause: read.why,
      remedy,
    });
  }
  throw new HoldfastError('BackupNotFound', {
    attempted: `find base backup ${JSON.stringify(reference)}`,
    cause: `there is none in ${layout.full}`,
    remedy: 'list those that exist with: holdfast info',
  });
}

/** A base backup, why what stands there is none, or undefined when nothing does. */
export async function readBaseBackup(
  layout: Layout,
  id: string,
): Promise<FoundBase | { why: string } | undefined> {
  const folder = baseFolder(layout, id);
  try {
    if (!(await isFolder(folder))) return undefined;
    if (!(await statFile(baseMetadataPath(layout, id)))) return { why: `it has no ${baseMetadataName}` };
    const read = readBaseDocument(await readText(baseMetadataPath(layout, id)));
    if ('why' in read) return read;
    const why = await flawOf(folder, id, read.metadata);
    // A removal renames the folder first: what vanished while we looked was never broken.
    if (why !== undefined) return (await isFolder(folder)) ? { why } : undefined;
    return { id, folder, metadata: read.metadata };
  } catch (error) {
    if (error instanceof HoldfastError) return { why: error.story.cause };
    throw error;
  }
}

async function flawOf(folder: string, id: string, metadata: BaseBackupMetadata): Promise<string | undefined> {
  if (metadata.id !== id) return `its metadata is of ${metadata.id}`;
  for (const { name, size_bytes: sizeBytes } of metadata.files) {
    const stats = await statFile(join(folder, name));
    if (!stats) return `${name} is missing`;
    if (stats.size !== sizeBytes) return `${name} has ${stats.size} bytes, its metadata says ${sizeBytes}`;
  }
  return undefined;
}

async function baseIds(layout: Layout): Promise<string[]> {
  if (!(await isFolder(layout.full))) return [];
  const context = { attempted: `list ${layout.full}`, path: layout.full };
  const names = await storing(context, () => readdir(layout.full));
  return names.filter((name) => parseBaseBackupId(name)).sort(newestIdFirst);
}
