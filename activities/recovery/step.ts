import type { RecoveryInput, RecoveryPlan, RecoveryResult } from '../../src/domain/recovery/contracts.js';
import { describeTarget } from '../../src/domain/recovery/target.js';
import { loggedCluster } from '../cluster-step.js';
import type { ActivityDeps } from '../deps.js';

/** A step of a recovery. */
export interface RecoveryStepInput
  extends Pick<
    RecoveryInput,
    'cluster' | 'place' | 'dataDir' | 'target' | 'action' | 'timeline' | 'osUser' | 'makeTablespaces'
  > {
  /** When the operation began, ISO 8601: the name of its log. */
  startedAt: string;
}

/** A step that knows what to recover from, and where. */
export interface PlannedStep extends RecoveryStepInput {
  plan: RecoveryPlan;
}

/** What was recovered, before it was looked into. */
export type Recovered = Pick<
  RecoveryResult,
  'stopReason' | 'replayedTo' | 'replayedLsn' | 'timeline' | 'segments' | 'control' | 'server'
>;

/** What a recovery attempts, in the words of its errors. */
export function attemptedBy({ cluster, dataDir, target }: RecoveryStepInput): string {
  return `recover cluster "${cluster}" to ${describeTarget(target)} into ${dataDir}`;
}

/** `loggedCluster` for a recovery. */
export function loggedRecovery<T>(
  deps: ActivityDeps,
  step: RecoveryStepInput,
  name: string,
  act: Parameters<typeof loggedCluster<T>>[4],
): Promise<T> {
  return loggedCluster(deps, step, name, { verb: 'recover', operation: 'recovery' }, act);
}
