import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { partialName } from '../../domain/backup/names.js';
import { dayMs } from '../../domain/durations.js';
import { HoldfastError } from '../../domain/errors.js';
import { renameInto } from '../../files/durable.js';
import { readText, removeName, statFile, undefinedWhenGone } from '../../files/real-file.js';
import type { HeldLease, Lease } from '../lease.js';
import { writePartial } from './create-partial.js';
import { type Layout, metadataPath, partialPath } from './layout.js';
import { partialNames } from './partial-names.js';

const leaseSuffix = '.lease.json';

/** A lease that can't be read is believed this long. */
const unreadableValidMs = dayMs;

const leaseSchema = z.object({
  backup: z.string(),
  workflow_id: z.string(),
  run_id: z.string(),
  valid_seconds: z.number().positive(),
});

/**
 * Writes the lease, then looks whether the backup is still listed. A removal does it the other way round: it unlists,
 * then looks for leases. Whichever comes second sees the other, so that no backup goes while it is read.
 */
export async function lease(
  layout: Layout,
  { backupId, workflowId, runId, validMs }: Lease,
  metadataOf = metadataPath,
): Promise<void> {
  const path = leasePath(layout, runId);
  // Renamed over the last one: a reader that renews its lease is never without.
  const draft = partialName(runId, 0, `.lease-${randomUUID()}.json`);
  const valid_seconds = validMs / 1000;
  const text = JSON.stringify({ backup: backupId, workflow_id: workflowId, run_id: runId, valid_seconds });
  await writePartial(layout, draft, text);
  await renameInto(partialPath(layout, draft), path);
  if (await statFile(metadataOf(layout, backupId))) return;
  await removeName(path);
  throw goneMeanwhile(`keep backup ${backupId} while it is read`);
}

/** The error for a backup that somebody removes at this moment, or has just removed. */
export function goneMeanwhile(attempted: string): HoldfastError {
  return new HoldfastError('BackupNotFound', {
    attempted,
    cause: 'it is being removed, or was, by retention',
    remedy: 'use another backup: `holdfast list` shows them',
  });
}

/** Leases in force, by the times at which their files were written. */
export async function leases(layout: Layout): Promise<HeldLease[]> {
  const names = (await partialNames(layout)).filter((name) => name.endsWith(leaseSuffix));
  const read = await Promise.all(names.map((name) => readLease(layout, name)));
  return read.filter((found) => found !== undefined);
}

/**
 * The lease of a file, undefined once it is over. One from the future counts as one from the past, so that a clock
 * that ran ahead keeps no backup for ever.
 */
async function readLease(layout: Layout, name: string): Promise<HeldLease | undefined> {
  const path = join(layout.full, name);
  const stats = await statFile(path);
  if (!stats) return undefined;
  const found = parse(await readText(path).catch((error: unknown) => undefinedWhenGone(path, error)));
  if (found === 'ended') return undefined;
  const validMs = found === 'unreadable' ? unreadableValidMs : found.valid_seconds * 1000;
  if (Math.abs(Date.now() - stats.mtimeMs) >= validMs) return undefined;
  if (found === 'unreadable') throw unreadable(path);
  const { backup: backupId, workflow_id: workflowId, run_id: runId } = found;
  return { backupId, workflowId, runId, until: new Date(stats.mtimeMs + validMs).toISOString(), file: name };
}

function parse(text: string | undefined): z.infer<typeof leaseSchema> | 'ended' | 'unreadable' {
  if (text === undefined) return 'ended';
  try {
    return leaseSchema.parse(JSON.parse(text));
  } catch {
    return 'unreadable';
  }
}

function unreadable(path: string): HoldfastError {
  return new HoldfastError('BackupInUse', {
    attempted: 'look for backups that are being read',
    cause: `${path} says so of one, and can't be understood`,
    remedy: 'remove that file when no restore is running; a day after it was written it counts no more',
  });
}

function leasePath(layout: Layout, runId: string): string {
  return partialPath(layout, partialName(runId, 0, leaseSuffix));
}
