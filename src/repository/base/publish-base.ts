import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { partialName } from '../../domain/backup/names.js';
import { HoldfastError } from '../../domain/errors.js';
import type { BaseBackupMetadata } from '../../domain/wal/base-backup.js';
import { syncFile, syncFolder } from '../../files/durable.js';
import { isFolder, requireFolder, statFile } from '../../files/real-file.js';
import { errorCode, storing } from '../../files/storage-error.js';
import { failpoint } from '../failpoint.js';
import { type Layout, partialPath } from '../local/layout.js';
import { artifactExists } from '../local/settle.js';
import { writeBaseDocument } from './base-document.js';
import { baseFolder, baseMetadataName } from './base-layout.js';
import { readBaseBackup } from './read-base-backup.js';

/** What one attempt of a run asks to be published. */
export interface BasePublication {
  /** Of the step that took the base backup. */
  attempt: number;
  metadata: BaseBackupMetadata;
}

/**
 * Makes the folder that one attempt takes a base backup into, 0700, empty. Gives its full path.
 * @throws HoldfastError `StorageFailed` when it is there already
 */
export async function createPartialBase(layout: Layout, runId: string, attempt: number): Promise<string> {
  const path = partialPath(layout, partialName(runId, attempt, ''));
  await requireFolder(layout.full);
  await storing({ attempted: `make folder ${path}`, path }, () => mkdir(path, { mode: 0o700 }));
  return path;
}

/**
 * Makes a base backup exist: its files and its metadata are durable in the partial folder before that gets its name,
 * by one rename, so that it is there whole or not at all. Publishing again what the run has published is success.
 * @throws HoldfastError `ArtifactExists` rather than touch another, `VerificationFailed`, `StorageFailed`
 */
export async function publishBase(layout: Layout, { metadata, attempt }: BasePublication): Promise<void> {
  const partial = partialPath(layout, partialName(metadata.workflow_run_id, attempt, ''));
  const target = baseFolder(layout, metadata.id);
  failpoint('publish:start');
  if (await isPublished(layout, metadata)) return syncFolder(layout.full);
  if (!(await isFolder(partial))) throw gone(partial);
  await writeMetadata(partial, metadata);
  failpoint('publish:after-draft');
  for (const { name, size_bytes: sizeBytes } of metadata.files) {
    const stats = await statFile(join(partial, name));
    if (stats?.size !== sizeBytes) throw changed(partial, name, stats?.size, sizeBytes);
    await syncFile(join(partial, name));
  }
  await syncFolder(partial);
  failpoint('publish:after-sync');
  await storing({ attempted: `publish ${target}`, path: target }, () => renameFolder(partial, target));
  failpoint('publish:after-rename');
  await syncFolder(layout.full);
  failpoint('publish:end');
}

async function writeMetadata(partial: string, metadata: BaseBackupMetadata): Promise<void> {
  const path = join(partial, baseMetadataName);
  await storing({ attempted: `write ${path}`, path }, async () => {
    // This attempt may have been here before, in a process that died.
    await rm(path, { force: true });
    await writeFile(path, writeBaseDocument(metadata), { flag: 'wx', mode: 0o600 });
  });
  await syncFile(path);
}

/** A folder takes no name that another folder has, unless that is empty, which no base backup is. */
async function renameFolder(partial: string, target: string): Promise<void> {
  try {
    await rename(partial, target);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw gone(partial);
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? ''))
      throw artifactExists(target, 'of another base backup');
    throw error;
  }
}

async function isPublished(layout: Layout, metadata: BaseBackupMetadata): Promise<boolean> {
  const found = await readBaseBackup(layout, metadata.id);
  if (!found) return false;
  if ('metadata' in found && found.metadata.workflow_run_id === metadata.workflow_run_id) return true;
  throw artifactExists(baseFolder(layout, metadata.id), 'of another base backup');
}

function gone(partial: string): HoldfastError {
  const cause = 'it is gone, and must be taken anew';
  return new HoldfastError('StorageFailed', { attempted: `publish ${partial}`, cause, remedy: 'try again' });
}

function changed(partial: string, name: string, size: number | undefined, wanted: number): HoldfastError {
  return new HoldfastError('VerificationFailed', {
    attempted: `publish ${basename(partial)}`,
    cause: `${name} has ${size ?? 'no'} bytes, ${wanted} were verified`,
    remedy: 'take the base backup again, and find out what wrote to that file',
  });
}
