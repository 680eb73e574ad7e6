import { createHash } from 'node:crypto';
import { cancellationSignal } from '@temporalio/activity';
import { assertionsOf } from '../src/config/restoring.js';
import type { AssertionResult } from '../src/domain/assertion.js';
import type { StoredMetadata, TableRows } from '../src/domain/backup.js';
import { compareCounts } from '../src/domain/compare-tables.js';
import { HoldfastError } from '../src/domain/errors.js';
import { evidenceDigest, provenProblems, type RestoreEvidence } from '../src/domain/evidence.js';
import { evidenceMarkdown } from '../src/domain/evidence-markdown.js';
import type { LoadedStaging, RestoreProof } from '../src/domain/restore-contracts.js';
import type { RestoreSpace } from '../src/domain/restore-space.js';
import { writeOperationDocument } from '../src/log.js';
import { showName } from '../src/postgres/quote.js';
import { checkAssertions } from '../src/postgres/restore/assertions.js';
import { type CountedTable, countTables } from '../src/postgres/restore/count-tables.js';
import { type DatabaseContents, describeContents } from '../src/postgres/restore/describe-contents.js';
import { sealStaging } from '../src/postgres/restore/seal-staging.js';
import { swapBlocked, swapBlockers } from '../src/postgres/restore/swap.js';
import { readTargetState, type TargetState } from '../src/postgres/restore/target-state.js';
import { sessionName } from '../src/postgres/session-name.js';
import { beatWhileServerWorks } from './busy-beat.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { namingSome } from './every-difference.js';
import { whileLeased } from './lease.js';
import { beatWithProgress } from './progress-beat.js';
import {
  cutLines,
  loggedRestore,
  propertiesFor,
  type RestoreStepInput,
  readHandover,
  type SourceStepInput,
  sourceOf,
  writeHandover,
} from './restore-step.js';
import { differenceTo } from './target-difference.js';

/** A step about the loaded staging database. */
export interface StagedStep extends SourceStepInput {
  staging: LoadedStaging;
}

export interface EvidenceStep extends StagedStep {
  /** The target was dropped before; the evidence that was approved stands in a file of its own. */
  inPlace: boolean;
  previousName: string;
  /** Of the artifact, as verified. */
  checksum: string;
  /** Attempt whose partial file has the rows of every table of the artifact. */
  expectedAttempt: number;
  /** Attempt whose partial file has what was counted in the staging database. */
  countedAttempt: number;
  /** Room on the server, as it was before anything was made. */
  space: RestoreSpace;
  /** Roles that this restore has created. */
  createdRoles: string[];
  /** What could not be restored as it was. */
  warnings: string[];
}

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
        const cluster = clusterOf(deps, step.cluster);
        const { metadata } = await sourceOf(deps, step);
        const { properties } = await propertiesFor(cluster, step.target, metadata);
        const staging = { name: step.staging.name, oid: step.staging.oid, target: step.target };
        return cutLines(await sealStaging(cluster.connection, staging, properties));
      });
    },

    /** Compares with the backup and with the present target, and keeps the evidence as a file in `logs/`. */
    async gatherEvidence(step: EvidenceStep): Promise<RestoreProof> {
      return loggedRestore(deps, step, 'evidence', async (log) => {
        const { evidence, every, state } = await gather(deps, step);
        const digest = evidenceDigest(evidence, (text) => createHash('sha256').update(text).digest('hex'));
        const name = step.inPlace ? 'restore-proof' : 'restore-evidence';
        const path = keepEvidence(deps, step, name, { digest, evidence, every });
        log.info({ digest, path }, `evidence ${digest}`);
        refuseUnproven(step, evidence, path);
        if (evidence.blockers.length > 0) throw swapBlocked(step.target, evidence.blockers);
        const { tables, rows, sizeBytes } = evidence.staging;
        return {
          digest,
          markdown: evidenceMarkdown(evidence, digest),
          path,
          target: orderOf(step, state).target,
          ...{ tables, rows, sizeBytes, assertions: evidence.assertions.length },
          warnings: cutLines(evidence.warnings),
        };
      });
    },
  };
}

interface Counted extends DatabaseContents {
  tables: CountedTable[];
  assertions: AssertionResult[];
}

async function count(deps: ActivityDeps, step: StagedStep): Promise<Counted> {
  const { staging } = step;
  const cluster = clusterOf(deps, step.cluster);
  const { connection } = cluster;
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
  const found = await beatWhileServerWorks(connection, runTag, () => beat.doing('the server works'), look);
  return { ...found, ...(await describeContents(connection, staging.name, { signal })) };
}

async function gather(deps: ActivityDeps, step: EvidenceStep) {
  const cluster = clusterOf(deps, step.cluster);
  const source = await sourceOf(deps, step);
  const expected = await readHandover<TableRows[]>(cluster, 'expected', step.expectedAttempt);
  const { tables, ...contents } = await readHandover<Counted>(cluster, 'counted', step.countedAttempt);
  const state = await readTargetState(cluster.connection, step.target);
  const { database } = state;
  const compared = database
    ? await differenceTo(cluster.connection, step.target, database.sizeBytes, tables)
    : undefined;
  const counts = compareCounts(expected, tables, Infinity);
  const { every, ...differences } = namingSome(counts, compared?.difference ?? null);
  const evidence: RestoreEvidence = {
    inPlace: step.inPlace,
    backup: {
      id: source.id,
      checksum: step.checksum,
      takenAt: source.takenAt,
      ageSeconds: Math.round((Date.now() - Date.parse(source.takenAt)) / 1000),
    },
    target: targetEvidence(step, state),
    staging: {
      name: step.staging.name,
      oid: step.staging.oid,
      sizeBytes: contents.sizeBytes,
      tables: tables.length,
      rows: tables.reduce((sum, table) => sum + table.rows, 0),
    },
    ...differences,
    objects: contents.objects,
    extensions: contents.extensions.map(({ name, version }) => ({ name, version })),
    missingExtensions: extensionsLost(source.metadata, contents.extensions),
    invalidIndexes: contents.invalidIndexes,
    unvalidatedConstraints: contents.unvalidatedConstraints,
    assertions: contents.assertions,
    space: step.space,
    createdRoles: step.createdRoles,
    warnings: [...step.warnings, ...(compared?.warnings ?? [])],
    blockers: await swapBlockers(cluster.connection, orderOf(step, state)),
  };
  return { evidence, every, state };
}

/** The target as an approver sees it. */
export function targetEvidence(
  { cluster, target }: RestoreStepInput,
  { database, systemIdentifier }: TargetState,
) {
  return {
    cluster,
    systemIdentifier,
    name: target,
    oid: database?.oid ?? null,
    sizeBytes: database?.sizeBytes ?? null,
    sessions: database?.sessions ?? 0,
  };
}

function extensionsLost(metadata: StoredMetadata | null, found: { name: string }[]): string[] {
  if (metadata?.format_version !== 1) return [];
  const there = new Set(found.map(({ name }) => name));
  return metadata.properties.extensions.map(({ name }) => name).filter((name) => !there.has(name));
}

function orderOf(step: EvidenceStep, { database }: TargetState) {
  const { staging, previousName, target } = step;
  return {
    target: {
      name: target,
      oid: database?.oid ?? null,
      acceptsConnections: database?.acceptsConnections ?? true,
    },
    staging: { name: staging.name, oid: staging.oid },
    previousName,
    comment: null,
    runId: runOf().runId,
  };
}

/** Writes evidence into `logs/`, and gives its full path. */
export function keepEvidence(
  deps: ActivityDeps,
  step: RestoreStepInput,
  name: string,
  content: object,
): string {
  const { workflowId, runId } = runOf();
  const { cluster, target: database, startedAt } = step;
  const id = { cluster, database, workflowId, runId, startedAt: new Date(startedAt) };
  return writeOperationDocument(clusterOf(deps, cluster).repositoryPath, name, id, content);
}

function refuseUnproven(step: EvidenceStep, evidence: RestoreEvidence, path: string): void {
  const problems = provenProblems(evidence);
  if (problems.length === 0) return;
  throw new HoldfastError('RestoreUnproven', {
    attempted: `prove that ${showName(step.staging.name)} is backup ${evidence.backup.id}`,
    cause: problems.slice(0, 5).join('; ').slice(0, 1000),
    remedy: step.inPlace ? `see ${path}` : `see ${path}; the target was not touched`,
  });
}
