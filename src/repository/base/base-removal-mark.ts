import { basename } from 'node:path';
import { partialName, partialPrefix } from '../../domain/backup/names.js';
import { parseBaseBackupId } from '../../domain/wal/base-backup.js';
import { isFolder } from '../../files/real-file.js';
import { type Layout, partialPath } from '../local/layout.js';

const removalRun = 'removal-of-';

/** What the folder's name is while a removal is under way: still undecided, or its files are going. */
const stages = ['unlisted', 'decided'] as const;
type Stage = (typeof stages)[number];

export function removalPath(layout: Layout, id: string, stage: Stage): string {
  return partialPath(layout, partialName(`${removalRun}${id}`, stages.indexOf(stage), ''));
}

/** The id whose removal is under way by the name of its folder; undefined for any other name. */
export function idOfRemoval(name: string): string | undefined {
  const match = new RegExp(`^${partialPrefix}${removalRun}(base_\\d{8}_\\d{6})-\\d$`).exec(basename(name));
  return match?.[1] !== undefined && parseBaseBackupId(match[1]) ? match[1] : undefined;
}

/** The folder of a removal that is under way; undefined where none is. */
export async function removalUnderWay(layout: Layout, id: string): Promise<string | undefined> {
  for (const stage of stages) {
    const path = removalPath(layout, id, stage);
    if (await isFolder(path)) return path;
  }
  return undefined;
}
