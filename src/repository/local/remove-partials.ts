import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { partialPrefix } from '../../domain/backup/names.js';
import { syncFolder } from '../../files/durable.js';
import { hashFile } from '../../files/hash-file.js';
import { readText, removeName, statFile } from '../../files/real-file.js';
import { errorCode } from '../../files/storage-error.js';
import { artifactNamesOf, globalsSuffix, idOfFile, metadataSuffix } from '../backup-files.js';
import { readMetadataDocument } from '../metadata-document.js';
import { type Layout, metadataPath } from './layout.js';
import { leases } from './lease.js';
import { partialNames } from './partial-names.js';
import { idOfRemoval } from './removal-mark.js';
import { finishRemoval } from './remove.js';

/**
 * Removes what a run has written and not published; and no attempt of it after `upToAttempt`. It looks again until
 * there is nothing: an attempt given up for dead may still write, until it finds that its other files are gone.
 */
export async function removePartials(
  layout: Layout,
  runId: string,
  { upToAttempt = Number.POSITIVE_INFINITY }: { upToAttempt?: number } = {},
): Promise<string[]> {
  const start = `${partialPrefix}${runId}-`;
  const isOfRun = (name: string) => {
    const attempt = name.startsWith(start) ? /^(\d+)(?:\.|$)/.exec(name.slice(start.length))?.[1] : undefined;
    return attempt !== undefined && Number(attempt) <= upToAttempt;
  };
  const removed: string[] = [];
  for (;;) {
    const names = (await partialNames(layout)).filter(isOfRun);
    if (names.length === 0) return removed;
    removed.push(...(await removeAll(layout, names)));
  }
}

/**
 * The same for all runs whose files were last written before `before`; and finishes removals cut short. A lease in
 * force is never abandoned: people may take longer to approve a restore.
 */
export async function removeAbandonedPartials(layout: Layout, before: Date): Promise<string[]> {
  const abandoned: string[] = [];
  const removed: string[] = [];
  const inForce = new Set((await leases(layout)).map(({ file }) => file));
  for (const name of await partialNames(layout)) {
    const id = idOfRemoval(name);
    if (id !== undefined) removed.push(...(await finishRemoval(layout, id)));
    else if (!inForce.has(name) && (await wasWrittenBefore(join(layout.full, name), before)))
      abandoned.push(name);
  }
  return [...removed, ...(await removeAll(layout, abandoned))];
}

/** Drafts go after the files they tell of, so that a crash in between loses track of none. */
async function removeAll(layout: Layout, names: string[]): Promise<string[]> {
  const removed: string[] = [];
  const removeEach = async (paths: string[]) => {
    for (const path of paths) if (await removeName(path)) removed.push(basename(path));
  };
  const drafts = names.filter((name) => name.endsWith(metadataSuffix));
  for (const draft of drafts) await removeEach(await unpublishedFiles(layout, draft));
  await removeEach(names.filter((name) => !drafts.includes(name)).map((name) => join(layout.full, name)));
  await removeEach(drafts.map((draft) => join(layout.full, draft)));
  if (removed.length > 0) await syncFolder(layout.full);
  return removed;
}

/**
 * What a publication had renamed when it died before its metadata was. Only files with the very bytes that the
 * draft tells of, and only while no metadata claims them: they can be nobody else's.
 */
async function unpublishedFiles(layout: Layout, draftName: string): Promise<string[]> {
  const draft = await readDraft(join(layout.full, draftName));
  if (!draft) return [];
  const id = idOfFile(draft.backup_file);
  if (!artifactNamesOf(id).includes(draft.backup_file) || id.includes('/')) return [];
  if (await statFile(metadataPath(layout, id))) return [];
  const expected: [string, string | null | undefined][] = [
    [`${id}${globalsSuffix}`, draft.globals_checksum],
    [draft.backup_file, draft.checksum],
  ];
  const unpublished: string[] = [];
  for (const [name, checksum] of expected) {
    const path = join(layout.full, name);
    if (checksum && (await statFile(path)) && (await hashFile(path)).checksum === checksum)
      unpublished.push(path);
  }
  return unpublished;
}

/** A draft that is torn or no regular file tells of nothing: nothing was renamed before it was whole. */
async function readDraft(path: string) {
  const isFile = await lstat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (!isFile) return undefined;
  const document = readMetadataDocument(await readText(path));
  return 'metadata' in document && document.metadata.format_version === 1 ? document.metadata : undefined;
}

async function wasWrittenBefore(path: string, before: Date): Promise<boolean> {
  try {
    return (await lstat(path)).mtimeMs < before.getTime();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
