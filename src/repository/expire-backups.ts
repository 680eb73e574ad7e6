import { planRetention, type RetentionDecision, type RetentionPlan } from '../domain/backup/retention.js';
import { HoldfastError } from '../domain/errors.js';
import { describeKeep } from './keep.js';
import { describeLease } from './lease.js';
import type { Repository } from './repository.js';

export interface ExpireRequest {
  /** Only backups of this database; all of them otherwise. */
  database?: string;
  retentionDays: number;
  keepLast: number;
  now: Date;
  /** Plan only. */
  dryRun?: boolean;
}

/**
 * Removes what retention no longer keeps, oldest first, and tells what was done and why. A backup that a restore reads
 * is kept, also one that it begins to read meanwhile; and what somebody keeps by hand.
 */
export async function expireBackups(repository: Repository, request: ExpireRequest): Promise<RetentionPlan> {
  const { database, retentionDays, keepLast, now } = request;
  const { backups } = await repository.list(database === undefined ? {} : { database });
  const leases = await repository.leases();
  const readers = new Map(leases.map((lease) => [lease.backupId, describeLease(lease)]));
  const kept = new Map(
    [...(await repository.keeps())].map(([id, keep]) => [id, `kept ${describeKeep(keep)}`]),
  );
  const plan = planRetention({ backups, now, retentionDays, keepLast, readers, kept });
  if (request.dryRun) return plan;
  const stayed: RetentionDecision[] = [];
  for (const { id } of [...plan.expire].reverse()) {
    const because = await removeUnlessHeld(repository, id);
    if (because !== undefined) stayed.push({ id, because });
  }
  const hasStayed = new Set(stayed.map(({ id }) => id));
  return { keep: [...plan.keep, ...stayed], expire: plan.expire.filter(({ id }) => !hasStayed.has(id)) };
}

/** Why it was not removed; undefined when it was. */
async function removeUnlessHeld(repository: Repository, id: string): Promise<string | undefined> {
  try {
    await repository.remove(id);
    return undefined;
  } catch (error) {
    const isHeld = error instanceof HoldfastError && ['BackupInUse', 'RemovalRefused'].includes(error.type);
    if (isHeld) return error.story.cause;
    throw error;
  }
}
