import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ToldArchive } from '../../../domain/wal/archive-news.js';

const schema = z.object({
  told: z.object({
    message: z.string(),
    priority: z.enum(['high', 'critical']),
    since: z.iso.datetime(),
    toldAt: z.iso.datetime(),
  }),
});

/** What the last cycle that left a record has told of the archive; one that can't be read has told nothing. */
export async function lastTold(metadataFolder: string): Promise<ToldArchive | null> {
  try {
    const names = await readdir(metadataFolder);
    const newest = names
      .filter((name) => /^wal_\d{8}_\d{6}\.json$/.test(name))
      .sort()
      .at(-1);
    if (newest === undefined) return null;
    const record: unknown = JSON.parse(await readFile(join(metadataFolder, newest), 'utf8'));
    return schema.safeParse(record).data?.told ?? null;
  } catch {
    return null;
  }
}
