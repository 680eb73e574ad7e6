import type { LoadedStaging, RestoreProof } from '../../src/domain/restore/contracts.js';
import type { Prepared } from './prepare.js';
import type { RestoreRun } from './run.js';

/** A staging database that is what the backup says, and the evidence of it. */
export interface ProvenStaging {
  staging: LoadedStaging;
  proof: RestoreProof;
}

/** Loads the artifact into the staging database, counts it, closes it, and compares it with the backup. */
export async function loadAndProve(
  { steps, journal, trail }: RestoreRun,
  { step, artifact, inspected, inPlace, warnings }: Prepared,
): Promise<ProvenStaging> {
  const { stagingName, previousName, space, rolesToCreate: createdRoles } = inspected;
  const { checksum } = artifact;
  journal.enter('load');
  const staging = await steps.transfer.loadBackup({ ...step, stagingName, checksum });
  // In place, what was loaded whole is the best there is: it is never dropped.
  if (inPlace) trail.isStaged = false;

  journal.enter('prove');
  const counted = await steps.transfer.proveStaging({ ...step, staging });
  const refusedGrants = await steps.quick.sealStagingDatabase({ ...step, staging });
  const proof = await steps.quick.gatherEvidence({
    ...{ ...step, staging, previousName, checksum, createdRoles, space, inPlace },
    ...{ expectedAttempt: artifact.attempt, countedAttempt: counted.attempt },
    warnings: [...warnings, ...staging.warnings, ...refusedGrants],
  });
  return { staging, proof };
}

/** Whether the artifact is still the one that was proven: people may have taken a day to agree. */
export async function recheckArtifact(
  { steps }: RestoreRun,
  { step, resolved, artifact }: Prepared,
): Promise<void> {
  const { checksum, fingerprint } = artifact;
  await steps.transfer.recheckArtifact({ ...step, path: resolved.path, checksum, fingerprint });
}
