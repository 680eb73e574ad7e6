import { cancellationSignal } from '@temporalio/activity';
import type { RecoveryProof } from '../../src/domain/recovery/contracts.js';
import type { RecoveryEvidence, StandingCluster } from '../../src/domain/recovery/evidence.js';
import { recoveryEvidenceMarkdown } from '../../src/domain/recovery/evidence-markdown.js';
import { describeTarget } from '../../src/domain/recovery/target.js';
import { evidenceDigest } from '../../src/domain/restore/evidence.js';
import { type Logger, writeOperationDocument } from '../../src/log.js';
import { inspectStanding, sizeOnDisk } from '../../src/postgres/recovery/standing-cluster.js';
import { sha256 } from '../../src/sha256.js';
import { type ActivityDeps, clusterOf, runOf } from '../deps.js';
import { attemptedBy, type PlannedStep, type Recovered } from './step.js';

export interface RecoveryEvidenceStep extends PlannedStep {
  recovered: Recovered;
  proof: RecoveryProof;
}

/** What people are asked to agree to. */
export interface RecoveryQuestion {
  digest: string;
  /** Below 20 kB. */
  markdown: string;
  /** Full path of the evidence, whole, on its host. */
  path: string;
  /** The cluster that gives way, as they are shown it. */
  standing: StandingCluster;
}

/** Describes both clusters, and keeps that whole in `logs/`. */
export async function gatherRecoveryQuestion(
  deps: ActivityDeps,
  step: RecoveryEvidenceStep,
  log: Logger,
): Promise<RecoveryQuestion> {
  const standing = await inspectStanding(attemptedBy(step), step.dataDir, deps.config.pgBinDir);
  const sizeBytes = await sizeOnDisk(standing, cancellationSignal());
  const evidence = evidenceOf(step, standing, sizeBytes);
  const digest = evidenceDigest(evidence, sha256);
  const { workflowId, runId } = runOf();
  const { cluster, startedAt } = step;
  const id = { cluster, workflowId, runId, startedAt: new Date(startedAt) };
  const { repositoryPath } = clusterOf(deps, cluster);
  const path = writeOperationDocument(repositoryPath, 'recovery-evidence', id, { digest, evidence });
  log.info({ digest, path }, `evidence ${digest}`);
  return { digest, markdown: recoveryEvidenceMarkdown(evidence, digest), path, standing };
}

function evidenceOf(
  { plan, recovered, proof, cluster, target }: RecoveryEvidenceStep,
  standing: StandingCluster,
  sizeBytes: number | null,
): RecoveryEvidence {
  const { systemIdentifier } = plan.base;
  const isSameCluster =
    standing.systemIdentifier === null ? null : standing.systemIdentifier === systemIdentifier;
  const { stopReason, replayedTo, replayedLsn, timeline, segments } = recovered;
  const { databases, databaseCount, state, assertions, amcheck } = proof;
  return {
    cluster,
    standing: { ...standing, sizeBytes, previous: plan.replaces?.previous ?? '', isSameCluster },
    recovered: {
      ...{ path: plan.workDir, base: plan.base.id, systemIdentifier, target: describeTarget(target) },
      ...{ stopReason, replayedTo, replayedLsn, timeline, segments, state, databases, databaseCount },
      tablespaces: plan.tablespaces.map(({ path }) => path),
    },
    ...{ window: plan.window, assertions, amcheck },
    warnings: [
      ...plan.warnings,
      ...(amcheck?.skipped ?? []).map(({ database, why }) => `${database}: ${why}`),
    ],
  };
}
