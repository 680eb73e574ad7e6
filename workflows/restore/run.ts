import { workflowInfo } from '@temporalio/workflow';
import type { RestoreStepInput } from '../../activities/restore/step.js';
import type { RestoreInput } from '../../src/domain/restore/contracts.js';
import type { Approval } from '../approval.js';
import type { HostSteps } from '../host-steps.js';
import type { RestoreJournal } from './journal.js';

/** What a restore has to clear away when it is over. */
export interface RestoreTrail {
  /** A staging database was made, and is not yet the target. */
  isStaged: boolean;
  /** Full path of the artifact, which retention keeps meanwhile. */
  readPath?: string;
}

/** One run of a restore: what all of its parts work with. */
export interface RestoreRun {
  input: RestoreInput;
  steps: HostSteps;
  approval: Approval;
  journal: RestoreJournal;
  trail: RestoreTrail;
}

/** What every step is given. */
export function restoreStepOf({ cluster, target, place }: RestoreInput): RestoreStepInput {
  const startedAt = workflowInfo().startTime.toISOString();
  return { cluster, target, startedAt, ...(place !== undefined && { place }) };
}
