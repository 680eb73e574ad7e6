import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { parseBaseBackupId } from '../../domain/wal/base-backup.js';
import type { Layout } from '../local/layout.js';

/** The metadata's name in a base backup's folder. */
export const baseMetadataName = 'base.meta';

/** Where base backups live: the layout whose folder of artifacts is `incremental`. */
export function baseLayoutOf(root: string, cluster: string): Layout {
  return { root, full: join(root, 'incremental'), shownFull: 'incremental', cluster };
}

/** Full path of the metadata of a base backup. */
export function baseMetadataPath(layout: Layout, id: string): string {
  return join(baseFolder(layout, id), baseMetadataName);
}

/** Full path of a base backup's folder. @throws HoldfastError `PathRefused` for what is no id */
export function baseFolder(layout: Layout, id: string): string {
  if (parseBaseBackupId(id)) return join(layout.full, id);
  throw new HoldfastError('PathRefused', {
    attempted: `use base backup ${JSON.stringify(id)}`,
    cause: 'that is no id: ids are like base_20250331_120000',
    remedy: 'name the base backup as `holdfast info` shows it',
  });
}
