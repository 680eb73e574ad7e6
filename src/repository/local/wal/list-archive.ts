import type { Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchivedFile, parseArchivedName } from '../../../domain/wal/wal-file.js';
import { lstatIfThere, requireFolder } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import type { WalLayout } from './wal-layout.js';

/** A file of the archive that has a server's name. */
export type ListedFile = ArchivedFile & {
  /** Its name as it stands there. */
  file: string;
  sizeBytes: number;
  /** When its last byte was written, in milliseconds since 1970. */
  writtenAtMs: number;
  /** False for a link, a folder or the like. */
  isFile: boolean;
};

export interface ArchiveListing {
  files: ListedFile[];
  /** Names that no server gives; partial files, which begin with a dot, aside. */
  unknown: string[];
}

const looksAtOnce = 64;
const mostAttempts = 5;

/** Lists the archive as it is at one time: a file that is being compressed is there under one of its names. */
export async function listArchive({ wal }: WalLayout, segmentSizeBytes: number): Promise<ArchiveListing> {
  await requireFolder(wal);
  for (let attempt = 1; ; attempt++) {
    const names = await storing({ attempted: `list ${wal}`, path: wal }, () => readdir(wal));
    const listing: ArchiveListing = { files: [], unknown: [] };
    let vanished = 0;
    for (let next = 0; next < names.length; next += looksAtOnce) {
      const batch = names.slice(next, next + looksAtOnce).filter((name) => !name.startsWith('.'));
      const looks = await Promise.all(batch.map((name) => lstatIfThere(join(wal, name))));
      looks.forEach((stats, index) => {
        const file = batch[index] ?? '';
        const parsed = parseArchivedName(file, segmentSizeBytes);
        // Gone since the folder was read.
        if (!stats) vanished += 1;
        else if (parsed) listing.files.push({ ...parsed, file, ...facts(stats) });
        else listing.unknown.push(file);
      });
    }
    if (vanished === 0 || attempt === mostAttempts) return listing;
  }
}

/** A file of the archive as it is now, by its name there; undefined where there is none. */
export async function lookAtArchived({ wal }: WalLayout, file: string) {
  const stats = await lstatIfThere(join(wal, file));
  return stats && { file, ...facts(stats) };
}

function facts(stats: Stats) {
  return { sizeBytes: stats.size, writtenAtMs: stats.mtimeMs, isFile: stats.isFile() };
}
