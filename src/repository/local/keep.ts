import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { HoldfastError } from '../../domain/errors.js';
import { syncFolder } from '../../files/durable.js';
import { isFolder, readText, removeName, statFile, undefinedWhenGone } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { writeWhole } from '../../files/write-whole.js';
import { keepSuffix, parseBackupId } from '../backup-files.js';
import type { Keep, KeepRequest } from '../keep.js';
import { explainMismatch, sealDocument, unsealDocument } from '../metadata-document.js';
import { type Layout, metadataPath } from './layout.js';
import { goneMeanwhile } from './lease.js';

const keepSchema = z.object({
  backup: z.string(),
  kept_by: z.string(),
  kept_at: z.iso.datetime(),
  reason: z.string().nullable(),
});

/** Writes the keep, in the place of an earlier one, then looks whether the backup is still listed, as {@link lease} does. */
export async function keep(layout: Layout, id: string, { by, at, reason }: KeepRequest): Promise<void> {
  const fields = { backup: id, kept_by: by, kept_at: at.toISOString(), reason };
  await writeWhole(keepPath(layout, id), sealDocument({ format_version: 1, ...fields }));
  if (await statFile(metadataPath(layout, id))) return;
  await removeName(keepPath(layout, id));
  throw goneMeanwhile(`keep backup ${id}`);
}

/** Ends a keep, also one that can't be read. False when there was none. */
export async function release(layout: Layout, id: string): Promise<boolean> {
  const wasKept = await removeName(keepPath(layout, id));
  if (wasKept) await syncFolder(layout.full);
  return wasKept;
}

/** What is kept by hand, by id. */
export async function keeps(layout: Layout): Promise<Map<string, Keep>> {
  const found = new Map<string, Keep>();
  if (!(await isFolder(layout.full))) return found;
  const context = { attempted: `list ${layout.full}`, path: layout.full };
  for (const name of await storing(context, () => readdir(layout.full))) {
    const id = name.endsWith(keepSuffix) ? name.slice(0, -keepSuffix.length) : '';
    const kept = parseBackupId(id) && (await keepOf(layout, id));
    if (kept) found.set(id, kept);
  }
  return found;
}

/** Undefined where nobody keeps it. When in doubt it is kept: nothing that stands under the name is an error. */
export async function keepOf(layout: Layout, id: string): Promise<Keep | undefined> {
  const path = keepPath(layout, id);
  try {
    if (!(await statFile(path))) return undefined;
    const text = await readText(path).catch((error: unknown) => undefinedWhenGone(path, error));
    return text === undefined ? undefined : parse(id, text);
  } catch (error) {
    if (error instanceof HoldfastError) return unreadable(error.story.cause);
    throw error;
  }
}

function parse(id: string, text: string): Keep {
  const document = unsealDocument(text);
  if ('why' in document) return unreadable(document.why);
  const { data, error } = keepSchema.safeParse(document.fields);
  if (!data) return unreadable(explainMismatch(error));
  if (data.backup !== id) return unreadable(`it is of ${data.backup}`);
  return { by: data.kept_by, at: data.kept_at, reason: data.reason, problem: null };
}

function unreadable(problem: string): Keep {
  return { by: null, at: null, reason: null, problem };
}

function keepPath(layout: Layout, id: string): string {
  return join(layout.full, `${id}${keepSuffix}`);
}
