import { cancellationSignal } from '@temporalio/activity';
import { assertionsOf } from '../src/config/restoring.js';
import type { RestoreProof } from '../src/domain/restore/contracts.js';
import { evidenceDigest } from '../src/domain/restore/evidence.js';
import { evidenceMarkdown } from '../src/domain/restore/evidence-markdown.js';
import { sessionName } from '../src/postgres/connection/session-name.js';
import { checkAssertions } from '../src/postgres/restore/prove/assertions.js';
import { countTables } from '../src/postgres/restore/prove/count-tables.js';
import { describeContents } from '../src/postgres/restore/prove/describe-contents.js';
import { sealStaging } from '../src/postgres/restore/staging/seal.js';
import { swapBlocked } from '../src/postgres/restore/swap/swap.js';
import { sha256 } from '../src/sha256.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import {
  type Counted,
  type EvidenceStep,
  gatherEvidenceOf,
  keepDocument,
  refuseUnproven,
  type StagedStep,
  swapOrderOf,
} from './evidence.js';
import { beatWhileServerWorks } from './heartbeat/busy.js';
import { beatWithProgress } from './heartbeat/progress.js';
import { whileLeased } from './restore/lease.js';
import {
  cutLines,
  loggedRestore,
  propertiesFor,
  serverFor,
  sourceOf,
  writeHandover,
} from './restore/step.js';

/** Steps that prove the staging database to be the backup. */
export function createProveActivities(deps: ActivityDeps) {
  return {
    /** Counts every row of the staging database, asks the user's assertions, and describes what else is in it. */
    async proveStaging(step: StagedStep): Promise<{ attempt: number }> {
      return loggedRestore(deps, step, 'prove', async (log) => {
        const counted = await whileLeased(deps, step, () => count(deps, step));
        await writeHandover(clusterOf(deps, step.cluster), 'counted', counted);
        log.info({ tables: counted.tables.length }, 'counted every row');
        return { attempt: runOf().attempt };
      });
    },

    /** Closes the staging database, so that it stays what was proven, and gives it the backup's grants. */
    async sealStagingDatabase(step: StagedStep): Promise<string[]> {
      return loggedRestore(deps, step, 'seal', async () => {
        const cluster = serverFor(deps, step);
        const { metadata } = await sourceOf(deps, step);
        const { properties } = await propertiesFor(cluster, step.target, metadata);
        const staging = { name: step.staging.name, oid: step.staging.oid, target: step.target };
        return cutLines(await sealStaging(cluster.connection, staging, properties));
      });
    },

    /** Compares with the backup and with the present target, and keeps the evidence as a file in `logs/`. */
    async gatherEvidence(step: EvidenceStep): Promise<RestoreProof> {
      return loggedRestore(deps, step, 'evidence', async (log) => {
        const { evidence, every, state } = await gatherEvidenceOf(deps, step);
        const digest = evidenceDigest(evidence, sha256);
        const name = step.drill ? 'drill-evidence' : step.inPlace ? 'restore-proof' : 'restore-evidence';
        const path = keepDocument(deps, step, name, { digest, evidence, every });
        log.info({ digest, path }, `evidence ${digest}`);
        refuseUnproven(step, evidence, path);
        if (evidence.blockers.length > 0) throw swapBlocked(step.target, evidence.blockers);
        const { tables, rows, sizeBytes } = evidence.staging;
        return {
          digest,
          // Nobody is asked about a drill, and there may be thousands in a history.
          markdown: step.drill ? '' : evidenceMarkdown(evidence, digest),
          path,
          target: swapOrderOf(step, state).target,
          ...{ tables, rows, sizeBytes, assertions: evidence.assertions.length },
          warnings: cutLines(evidence.warnings),
        };
      });
    },
  };
}

async function count(deps: ActivityDeps, step: StagedStep): Promise<Counted> {
  const { staging } = step;
  const cluster = clusterOf(deps, step.cluster);
  const { connection } = serverFor(deps, step);
  const { metadata } = await sourceOf(deps, step);
  const { runId: runTag } = runOf();
  const signal = cancellationSignal();
  const beat = beatWithProgress();
  const onStep = (done: { tables: number; ofTables: number }) =>
    beat.doing(`${done.tables} of ${done.ofTables} tables`);
  const session = { applicationName: sessionName(runTag), signal };
  // They are about what was backed up, wherever it is restored to.
  const asked = assertionsOf(cluster, metadata?.database ?? step.target);
  const look = async () => ({
    tables: await countTables(connection, staging.name, { runTag, signal, onStep }),
    assertions: await checkAssertions(connection, staging.name, asked, session),
  });
  const found = await beatWhileServerWorks(connection, runTag, beat, look);
  return { ...found, ...(await describeContents(connection, staging.name, { signal })) };
}
