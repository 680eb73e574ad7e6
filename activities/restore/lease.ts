import { dayMs, hourMs } from '../../src/domain/durations.js';
import { openRepository } from '../../src/repository/open-repository.js';
import type { Repository } from '../../src/repository/repository.js';
import type { RestoreSource } from '../../src/repository/restore-source.js';
import { type ActivityDeps, runOf } from '../deps.js';
import { loggedRestore, type SourceStepInput, sourceOf } from './step.js';

/** Long, so that neither clocks that differ nor an outage of Temporal or the workers lets a lease lapse. */
const validMs = dayMs;
const renewEveryMs = hourMs;

/** Keeping the backup that a restore reads from retention. */
export function createLeaseActivities(deps: ActivityDeps) {
  return {
    /** Keeps the backup while people decide, when no step runs that could: so long, and a day more. */
    async leaseBackup(step: SourceStepInput & { minutes: number }): Promise<void> {
      await loggedRestore(deps, step, 'lease', () => lease(deps, step, step.minutes * 60_000 + validMs));
    },
  };
}

/** Does what reads the backup, which retention keeps meanwhile and for a day after: the next step renews that. */
export async function whileLeased<T>(
  deps: ActivityDeps,
  step: SourceStepInput,
  work: () => Promise<T>,
): Promise<T> {
  await lease(deps, step, validMs);
  let renewal = Promise.resolve();
  const timer = setInterval(() => {
    // The lease outlives many renewals that fail, and the next step says what is wrong.
    renewal = lease(deps, step, validMs).catch(() => undefined);
  }, renewEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await renewal;
  }
}

/** The repository of these settings that has the artifact of that full path: retention of no other touches it. */
export function repositoryWith({ config }: ActivityDeps, path: string): Repository | undefined {
  return Object.values(config.clusters)
    .map(openRepository)
    .find((repository) => repository.owns(path));
}

async function lease(deps: ActivityDeps, step: SourceStepInput, validMs: number): Promise<void> {
  const { id, path, metadata }: RestoreSource = await sourceOf(deps, step);
  const { workflowId, runId } = runOf();
  if (metadata) await repositoryWith(deps, path)?.lease({ backupId: id, workflowId, runId, validMs });
}
