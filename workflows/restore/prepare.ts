import type { RestoreStepInput, SourceStepInput } from '../../activities/restore/step.js';
import type {
  InspectedTarget,
  ResolvedBackup,
  VerifiedArtifact,
} from '../../src/domain/restore/contracts.js';
import type { RestoreRun } from './run.js';

/** What the steps up to the empty staging database found. */
export interface Prepared {
  resolved: ResolvedBackup;
  step: SourceStepInput;
  artifact: VerifiedArtifact;
  inspected: InspectedTarget;
  /** The target exists, and is dropped before the backup is loaded. */
  inPlace: boolean;
  stagingOid: number;
  warnings: string[];
}

/** Everything up to an empty staging database: what can be told before anything is loaded is told here. */
export async function prepareRestore(
  { input, steps, journal, trail }: RestoreRun,
  base: RestoreStepInput,
): Promise<Prepared> {
  const resolved = await steps.contact.resolveBackup({ ...base, backup: input.backup });
  // From here on `latest` is this one, whatever is published meanwhile.
  trail.readPath = resolved.path;
  const { allowUnverified } = input.backup;
  const step = { ...base, backup: { reference: resolved.path, allowUnverified } };

  journal.enter('verify artifact', { backupId: resolved.id });
  const artifact = await steps.transfer.verifyArtifact(step);

  journal.enter('inspect target', { tables: artifact.tables, rows: artifact.rows });
  const { approveAsRequester = false, createRoles = false } = input;
  const needs = { createRoles, verifiedAttempt: artifact.attempt };
  const wishes = { approveAsRequester, inPlace: input.inPlace === true };
  const inspected = await steps.contact.inspectTarget({ ...step, ...needs, ...wishes });
  const inPlace = wishes.inPlace && inspected.oid !== null;

  journal.enter('create staging', { ...(inPlace && { inPlace }) });
  const superusers =
    inspected.rolesToCreate.length > 0 ? await steps.quick.createMissingRoles({ ...step, ...needs }) : [];
  trail.isStaged = true;
  const { stagingName } = inspected;
  const created = await steps.quick.createStagingDatabase({ ...step, stagingName });
  const warnings = [...superusers, ...created.warnings];
  return { resolved, step, artifact, inspected, inPlace, stagingOid: created.oid, warnings };
}
