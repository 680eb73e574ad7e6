import { basename, join } from 'node:path';
import { partialName, partialPrefix } from '../../domain/backup/names.js';
import { HoldfastError } from '../../domain/errors.js';
import { globalsSuffix, idOfFile, metadataSuffix, parseBackupId } from '../backup-files.js';
import type { Publication } from '../repository.js';
import { type Layout, metadataPath, partialPath } from './layout.js';

/** A partial file and the name it is to get, both as full paths. */
export interface Move {
  partialPath: string;
  finalPath: string;
}

/** Where the files of a publication go. */
export interface Placement {
  id: string;
  artifact: Move;
  globals: Move | null;
  metadataPath: string;
  /** Name of the metadata while it is being written. */
  draftName: string;
}

/** Works out the names. Throws PathRefused when they don't belong together, or the partial is another run's. */
export function placementOf(layout: Layout, publication: Publication): Placement {
  const { metadata, attempt, artifactPartial, globalsPartial } = publication;
  const id = idOfFile(metadata.backup_file);
  if (!parseBackupId(id) || id === metadata.backup_file)
    refuse(metadata.backup_file, 'it is no name of a full backup');
  const globalsFile = globalsPartial === undefined ? null : `${id}${globalsSuffix}`;
  if (metadata.globals_file !== globalsFile) {
    refuse(
      metadata.backup_file,
      `the metadata names globals ${metadata.globals_file}, the files say ${globalsFile}`,
    );
  }
  const move = (partial: string, file: string): Move => {
    const path = partialPath(layout, partial);
    if (!partial.startsWith(`${partialPrefix}${metadata.workflow_run_id}-`)) {
      refuse(metadata.backup_file, `${basename(path)} was written by another workflow run`);
    }
    return { partialPath: path, finalPath: join(layout.full, file) };
  };
  return {
    id,
    artifact: move(artifactPartial, metadata.backup_file),
    globals: globalsPartial === undefined ? null : move(globalsPartial, `${id}${globalsSuffix}`),
    metadataPath: metadataPath(layout, id),
    draftName: partialName(metadata.workflow_run_id, attempt, metadataSuffix),
  };
}

function refuse(file: string, cause: string): never {
  throw new HoldfastError('PathRefused', { attempted: `publish ${JSON.stringify(file)}`, cause });
}
