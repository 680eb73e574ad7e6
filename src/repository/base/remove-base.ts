import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { partialPrefix } from '../../domain/backup/names.js';
import { HoldfastError } from '../../domain/errors.js';
import { renameIfThere, syncFolder } from '../../files/durable.js';
import { isFolder } from '../../files/real-file.js';
import { errorCode, storing } from '../../files/storage-error.js';
import { failpoint } from '../failpoint.js';
import { describeLease } from '../lease.js';
import type { Layout } from '../local/layout.js';
import { leases } from '../local/lease.js';
import { partialNames } from '../local/partial-names.js';
import { baseFolder } from './base-layout.js';
import { idOfRemoval, removalPath, removalUnderWay } from './base-removal-mark.js';

/**
 * Unlists a base backup by one rename of its folder, then removes it. Against readers it goes as the removal of full
 * backups does: unlist, look for leases, list it again where there is one. False when there is none of this id.
 * @throws HoldfastError `BackupInUse` for one that is being read, `PathRefused`, `SymbolicLinkRefused`
 */
export async function removeBase(layout: Layout, id: string): Promise<boolean> {
  const listed = baseFolder(layout, id);
  if (await isFolder(listed)) {
    // Who reads it already is not to see it unlisted, not even for an instant.
    throwIf(await baseRemovalRefusal(layout, id));
    await renameIfThere(listed, removalPath(layout, id, 'unlisted'));
    await syncFolder(layout.full);
    failpoint('remove:after-unlisting');
  } else if ((await removalUnderWay(layout, id)) === undefined) return false;
  throwIf(await decide(layout, id));
  await finish(layout, id);
  return true;
}

/** Removes the partial folders and leases of a run; and none of an attempt after `upToAttempt`. Gives their names. */
export async function removePartialBases(
  layout: Layout,
  runId: string,
  { upToAttempt = Number.POSITIVE_INFINITY }: { upToAttempt?: number } = {},
): Promise<string[]> {
  const start = `${partialPrefix}${runId}-`;
  const ofRun = (await partialNames(layout)).filter((name) => {
    const attempt = name.startsWith(start) ? /^(\d+)(?:\.|$)/.exec(name.slice(start.length))?.[1] : undefined;
    return attempt !== undefined && Number(attempt) <= upToAttempt;
  });
  return await removeAll(layout, ofRun);
}

/** The same for all runs whose partial folders were last written before `before`; and finishes removals cut short. */
export async function removeAbandonedBases(layout: Layout, before: Date): Promise<string[]> {
  const inForce = new Set((await leases(layout)).map(({ file }) => file));
  const abandoned: string[] = [];
  for (const name of await partialNames(layout)) {
    const id = idOfRemoval(name);
    if (id !== undefined) {
      await decide(layout, id);
      await finish(layout, id);
    } else if (!inForce.has(name) && (await lastWritten(join(layout.full, name))) < before.getTime())
      abandoned.push(name);
  }
  return await removeAll(layout, abandoned);
}

/** Lists it again where a reader came in between, and tells of it. One rename, which only one process can win. */
async function decide(layout: Layout, id: string): Promise<HoldfastError | undefined> {
  const refusal = await baseRemovalRefusal(layout, id);
  const outcome = refusal ? baseFolder(layout, id) : removalPath(layout, id, 'decided');
  await renameIfThere(removalPath(layout, id, 'unlisted'), outcome);
  await syncFolder(layout.full);
  failpoint('remove:after-decision');
  return (await isFolder(baseFolder(layout, id))) ? refusal : undefined;
}

async function finish(layout: Layout, id: string): Promise<void> {
  await removeTree(removalPath(layout, id, 'decided'));
  await syncFolder(layout.full);
}

async function removeAll(layout: Layout, names: string[]): Promise<string[]> {
  for (const name of names) await removeTree(join(layout.full, name));
  if (names.length > 0) await syncFolder(layout.full);
  return names;
}

/** A symbolic link itself, never what it leads to. */
async function removeTree(path: string): Promise<void> {
  await storing({ attempted: `remove ${path}`, path }, () => rm(path, { recursive: true, force: true }));
}

/** The latest time of the folder and of each file in it: a copy of hours makes no new file all the while. */
async function lastWritten(path: string): Promise<number> {
  const within = await readdir(path).catch((error: unknown) =>
    isAbsence(error) ? [] : Promise.reject(error),
  );
  const paths = [path, ...within.map((name) => join(path, name))];
  const times = paths.map((each) =>
    lstat(each).then(
      ({ mtimeMs }) => mtimeMs,
      // Gone meanwhile: somebody is at work here.
      (error: unknown) => (isAbsence(error) ? Number.POSITIVE_INFINITY : Promise.reject(error)),
    ),
  );
  return Math.max(...(await Promise.all(times)));
}

function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
}

/** Why it may not be removed: a run reads it. Undefined: it may. */
export async function baseRemovalRefusal(layout: Layout, id: string): Promise<HoldfastError | undefined> {
  const lease = (await leases(layout)).find(({ backupId }) => backupId === id);
  if (!lease) return undefined;
  const attempted = `remove base backup ${id}`;
  const remedy = 'wait until the recovery has ended';
  return new HoldfastError('BackupInUse', { attempted, cause: describeLease(lease), remedy });
}

function throwIf(refusal: HoldfastError | undefined): void {
  if (refusal) throw refusal;
}
