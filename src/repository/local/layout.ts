import { join } from 'node:path';
import { partialPrefix } from '../../domain/backup/names.js';
import { HoldfastError } from '../../domain/errors.js';
import { metadataSuffix } from '../backup-files.js';

/** The folders of a local repository. */
export interface Layout {
  /** Full path. */
  root: string;
  /** Full path of the folder where full backups live, and are written. */
  full: string;
  /** How that folder is shown before a file's name: relative to the root where it is in it. */
  shownFull: string;
  cluster: string;
}

export function layoutOf(root: string, cluster: string): Layout {
  return { root, full: join(root, 'full'), shownFull: 'full', cluster };
}

/** Full path of a partial file. Throws PathRefused for a name that {@link partialName} can't have made. */
export function partialPath(layout: Layout, name: string): string {
  if (!name.startsWith(partialPrefix) || !/^[\w.-]+$/.test(name)) {
    throw new HoldfastError('PathRefused', {
      attempted: `use partial file ${JSON.stringify(name)}`,
      cause: `a partial file's name starts with ${partialPrefix} and has letters, digits, "_", "." and "-" only`,
    });
  }
  return join(layout.full, name);
}

/** Full path of the metadata of `id`, which callers have seen to be an id. */
export function metadataPath(layout: Layout, id: string): string {
  return join(layout.full, `${id}${metadataSuffix}`);
}
