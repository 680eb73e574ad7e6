import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { planRereads } from '../../domain/health/plan-rereads.js';
import { parseBaseBackupId } from '../../domain/wal/base-backup.js';
import { hashFile } from '../../files/hash-file.js';
import { baseRepository } from '../base/base-repository.js';
import { layoutOf } from '../local/layout.js';
import { readBackup } from '../local/read-backup.js';
import { verifyWhole } from '../verify-backup.js';
import { SurveyMemory } from './survey-memory.js';

export interface RereadRequest {
  /** Full path of the cluster's part of the repository. */
  root: string;
  cluster: string;
  withinDays: number;
  now: Date;
  signal: AbortSignal;
  /** Told the bytes read so far, after each portion. */
  onProgress?: (readBytes: number) => void;
}

export interface RereadOutcome {
  /** Ids of the backups that were read, and what is wrong with which. */
  read: string[];
  bytes: number;
  flaws: { id: string; why: string }[];
  /** Backups that were found damaged and are no more, or the other way round. */
  changed: number;
}

const storeEveryMs = 5_000;

/**
 * Reads again what is owed of the backups that the last look has seen, and remembers what it finds. Artifacts and
 * metadata stay as they are.
 */
export async function reread(request: RereadRequest): Promise<RereadOutcome> {
  const { root, cluster, withinDays, now, signal, onProgress } = request;
  const memory = await SurveyMemory.read(layoutOf(root, cluster).full, now);
  const { lastRunAtMs, creditBytes } = memory;
  const plan = planRereads({ entries: memory.entries(), now, lastRunAtMs, creditBytes, withinDays });
  memory.noteRun(now.getTime(), plan.creditBytes);
  await memory.store();
  const outcome: RereadOutcome = { read: [], bytes: 0, flaws: [], changed: 0 };
  let storedAt = performance.now();
  for (const id of plan.ids) {
    const backup = memory.get(id);
    if (!backup) continue;
    const flaw = await flawOf(request, id, (bytes) => onProgress?.(outcome.bytes + bytes));
    if (signal.aborted) break;
    if (flaw === undefined) continue;
    memory.set(id, { ...backup, flaw, readAtMs: now.getTime() });
    outcome.read.push(id);
    outcome.bytes += backup.sizeBytes;
    if (flaw !== '') outcome.flaws.push({ id, why: flaw });
    if ((flaw === '') !== (backup.flaw === '')) outcome.changed += 1;
    if (performance.now() - storedAt < storeEveryMs) continue;
    await memory.store();
    storedAt = performance.now();
  }
  await memory.store();
  return outcome;
}

/** What is wrong with a stored backup, empty when nothing is; undefined when it is there no more. */
async function flawOf(
  { root, cluster, signal }: RereadRequest,
  id: string,
  onProgress: (bytes: number) => void,
): Promise<string | undefined> {
  try {
    return parseBaseBackupId(id)
      ? await readBase(root, cluster, id, (bytes) => {
          signal.throwIfAborted();
          onProgress(bytes);
        })
      : await readFull(root, cluster, id, { signal, onProgress });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // Retention came first.
    if (error.type === 'BackupNotFound' || error.type === 'Cancelled') return undefined;
    // Says nothing of what is stored.
    if (error.type === 'ToolMissing') throw error;
    return error.story.cause;
  }
}

async function readFull(
  root: string,
  cluster: string,
  id: string,
  options: { signal: AbortSignal; onProgress: (bytes: number) => void },
): Promise<string | undefined> {
  const found = await readBackup(layoutOf(root, cluster), id);
  if (!found) return undefined;
  if (!('backup' in found)) return found.why;
  await verifyWhole(found.backup, options);
  return '';
}

/** Every byte against the SHA-256 that the metadata has of it. */
async function readBase(
  root: string,
  cluster: string,
  id: string,
  onProgress: (bytes: number) => void,
): Promise<string> {
  const { folder, metadata } = await baseRepository(root, cluster).find(id);
  let before = 0;
  for (const { name, size_bytes: sizeBytes, checksum } of metadata.files) {
    const found = await hashFile(join(folder, name), { onProgress: (bytes) => onProgress(before + bytes) });
    if (found.checksum !== checksum)
      return `${name} has SHA-256 ${found.checksum}, its metadata says ${checksum}`;
    before += sizeBytes;
  }
  return '';
}
