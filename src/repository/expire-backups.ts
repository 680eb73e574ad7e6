import { planRetention, type RetentionDecision, type RetentionPlan } from '../domain/backup/retention.js';
import { HoldfastError } from '../domain/errors.js';
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
 * is kept, also one that it begins to read meanwhile.
 */
export async function expireBackups(repository: Repository, request: ExpireRequest): Promise<RetentionPlan> {
  const { database, retentionDays, keepLast, now } = request;
  const { backups } = await repository.list(database === undefined ? {} : { database });
  const leases = await repository.leases();
  const readers = new Map(leases.map((lease) => [lease.backupId, describeLease(lease)]));
  const plan = planRetention({ backups, now, retentionDays, keepLast, readers });
  if (request.dryRun) return plan;
  const kept: RetentionDecision[] = [];
  for (const { id } of [...plan.expire].reverse()) {
    const because = await removeUnlessRead(repository, id);
    if (because !== undefined) kept.push({ id, because });
  }
  const isKept = new Set(kept.map(({ id }) => id));
  return { keep: [...plan.keep, ...kept], expire: plan.expire.filter(({ id }) => !isKept.has(id)) };
}

/** Why it was not removed; undefined when it was. */
async function removeUnlessRead(repository: Repository, id: string): Promise<string | undefined> {
  try {
    await repository.remove(id);
    return undefined;
  } catch (error) {
    if (error instanceof HoldfastError && error.type === 'BackupInUse') return error.story.cause;
    throw error;
  }
}
