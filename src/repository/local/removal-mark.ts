import { join } from 'node:path';
import { partialName } from '../../domain/backup/names.js';
import { statFile } from '../../files/real-file.js';
import { metadataSuffix, parseBackupId } from '../backup-files.js';
import type { Layout } from './layout.js';

const removalRun = 'removal-of-';

/** What the metadata's name is while a removal is under way: still undecided, or its files are going. */
const stages = ['unlisted', 'decided'] as const;
type Stage = (typeof stages)[number];

export function removalName(id: string, stage: Stage): string {
  return partialName(`${removalRun}${id}`, stages.indexOf(stage), metadataSuffix);
}

export function removalPath(layout: Layout, id: string, stage: Stage): string {
  return join(layout.full, removalName(id, stage));
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

/** The mark of a removal that is under way; undefined where none is. */
export async function removalUnderWay(layout: Layout, id: string): Promise<string | undefined> {
  for (const stage of stages) {
    const path = removalPath(layout, id, stage);
    if (await statFile(path)) return path;
  }
  return undefined;
}
