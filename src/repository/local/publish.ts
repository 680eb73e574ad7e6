import { HoldfastError } from '../../domain/errors.js';
import { renameInto, syncFolder } from '../../files/durable.js';
import { removeName, requireFolder, statFile } from '../../files/real-file.js';
import { failpoint } from '../failpoint.js';
import { writeMetadataDocument } from '../metadata-document.js';
import type { Publication } from '../repository.js';
import { writePartial } from './create-partial.js';
import { type Layout, partialPath } from './layout.js';
import { type Placement, placementOf } from './placement.js';
import { readBackup } from './read-backup.js';
import { removePartials } from './remove-partials.js';
import { artifactExists, checksumOfMove, settle } from './settle.js';

/**
 * Publishes a backup. Its metadata is written first, as a draft under a partial name: should this process die,
 * the draft tells whose the files without metadata are. It gets its own name last: then the backup exists.
 */
export async function publish(layout: Layout, publication: Publication): Promise<void> {
  const placement = placementOf(layout, publication);
  await requireFolder(layout.full);
  failpoint('publish:start');
  if (await isPublished(layout, placement, publication)) return syncFolder(layout.full);
  const settled: string[] = [];
  try {
    await place(layout, placement, publication, settled);
  } catch (error) {
    const lost = error instanceof HoldfastError && error.type === 'StorageFailed';
    if (lost) await discard(layout, publication, settled);
    else if (settled.length === 0) await removeName(partialPath(layout, placement.draftName));
    throw error;
  }
}

/** Adds to `settled` each path as it comes to be ours. */
async function place(layout: Layout, placement: Placement, publication: Publication, settled: string[]) {
  const { artifact, globals, metadataPath } = placement;
  const { size_bytes: sizeBytes, checksum } = publication.metadata;
  const globalsChecksum = globals ? await checksumOfMove(globals) : null;
  const draftPath = await writeDraft(layout, placement, publication, globalsChecksum);
  failpoint('publish:after-draft');
  await settle(artifact, { sizeBytes, checksum });
  settled.push(artifact.finalPath);
  if (globals && globalsChecksum !== null) {
    await settle(globals, { checksum: globalsChecksum });
    settled.push(globals.finalPath);
    failpoint('publish:after-globals-rename');
  }
  await syncFolder(layout.full);
  failpoint('publish:after-folder-sync');
  if (await isPublished(layout, placement, publication)) {
    await removeName(draftPath);
    return syncFolder(layout.full);
  }
  await requireStillThere(artifact.finalPath);
  await renameInto(draftPath, metadataPath);
  settled.push(metadataPath);
  failpoint('publish:after-metadata-rename');
  await syncFolder(layout.full);
  failpoint('publish:end');
}

async function writeDraft(
  layout: Layout,
  { draftName }: Placement,
  { metadata }: Publication,
  globalsChecksum: string | null,
): Promise<string> {
  const path = partialPath(layout, draftName);
  // This attempt may have been here before, in a process that died.
  await removeName(path);
  const document = writeMetadataDocument({ ...metadata, globals_checksum: globalsChecksum });
  await writePartial(layout, draftName, document);
  return path;
}

/** Whether this run has published this dump already. Throws ArtifactExists for another backup of the same name. */
async function isPublished(layout: Layout, { id, metadataPath }: Placement, { metadata }: Publication) {
  if (!(await statFile(metadataPath))) return false;
  const found = await readBackup(layout, id);
  const stored = found && 'backup' in found ? found.backup.metadata : undefined;
  const isOurs =
    stored?.format_version === 1 &&
    stored.workflow_run_id === metadata.workflow_run_id &&
    stored.checksum === metadata.checksum;
  if (!isOurs) throw artifactExists(metadataPath, 'of another backup');
  return true;
}

/** An attempt that slept through the cleanup of its run must not leave metadata without an artifact. */
async function requireStillThere(artifactPath: string): Promise<void> {
  if (await statFile(artifactPath)) return;
  throw new HoldfastError('StorageFailed', {
    attempted: `publish ${artifactPath}`,
    cause: 'it was removed meanwhile, and must be written anew',
    remedy: 'back up again',
  });
}

/** Removes everything of the run: what an fsync failed on may be read back whole today and be gone tomorrow. */
async function discard(layout: Layout, { metadata }: Publication, settled: string[]): Promise<void> {
  for (const path of settled.toReversed()) await removeName(path);
  await removePartials(layout, metadata.workflow_run_id);
  await syncFolder(layout.full);
}
