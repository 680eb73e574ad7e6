import { planRetention, type RetentionPlan } from '../domain/retention.js';
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

/** Removes what retention no longer keeps, oldest first, and tells what was done and why. */
export async function expireBackups(repository: Repository, request: ExpireRequest): Promise<RetentionPlan> {
  const { database, retentionDays, keepLast, now } = request;
  const { backups } = await repository.list(database === undefined ? {} : { database });
  const plan = planRetention({ backups, now, retentionDays, keepLast });
  if (!request.dryRun) for (const { id } of [...plan.expire].reverse()) await repository.remove(id);
  return plan;
}
