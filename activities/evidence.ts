import { type StoredMetadata, type TableRows, totalRows } from '../src/domain/backup/metadata.js';
import { secondsSince } from '../src/domain/durations.js';
import { HoldfastError } from '../src/domain/errors.js';
import type { AssertionResult } from '../src/domain/restore/assertion.js';
import { compareCounts } from '../src/domain/restore/compare-tables.js';
import type { LoadedStaging } from '../src/domain/restore/contracts.js';
import { provenProblems, type RestoreEvidence } from '../src/domain/restore/evidence.js';
import type { RestoreSpace } from '../src/domain/restore/space.js';
import { writeOperationDocument } from '../src/log.js';
import { showName } from '../src/postgres/quote.js';
import type { CountedTable } from '../src/postgres/restore/prove/count-tables.js';
import type { DatabaseContents } from '../src/postgres/restore/prove/describe-contents.js';
import { swapBlockers } from '../src/postgres/restore/swap/swap.js';
import { readTargetState, type TargetState } from '../src/postgres/restore/swap/target-state.js';
import type { RestoreSource } from '../src/repository/restore-source.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { namingSome } from './restore/every-difference.js';
import {
  type RestoreStepInput,
  readHandover,
  type SourceStepInput,
  serverFor,
  sourceOf,
} from './restore/step.js';
import { differenceTo, type Replacing } from './restore/target-difference.js';

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

/** What was found in the staging database. */
export interface Counted extends DatabaseContents {
  tables: CountedTable[];
  assertions: AssertionResult[];
}

/** Everything that tells whether the staging database is the backup, and what would change; of a drill, only the first. */
export async function gatherEvidenceOf(deps: ActivityDeps, step: EvidenceStep) {
  const cluster = clusterOf(deps, step.cluster);
  const source = await sourceOf(deps, step);
  const expected = await readHandover<TableRows[]>(cluster, 'expected', step.expectedAttempt);
  const { tables, ...contents } = await readHandover<Counted>(cluster, 'counted', step.countedAttempt);
  const { connection } = serverFor(deps, step);
  const found = await readTargetState(connection, step.target);
  // What has the target's name is nothing to a drill.
  const state = step.drill ? { ...found, database: null } : found;
  const { database } = state;
  const compared = database
    ? await differenceTo(connection, { name: step.target, ...database }, replacingBy(source, tables))
    : undefined;
  const counts = compareCounts(expected, tables, Infinity);
  const { every, ...differences } = namingSome(counts, compared?.difference ?? null);
  const evidence: RestoreEvidence = {
    inPlace: step.inPlace,
    backup: {
      id: source.id,
      checksum: step.checksum,
      takenAt: source.takenAt,
      ageSeconds: secondsSince(source.takenAt),
    },
    target: targetEvidence(step, state),
    staging: {
      name: step.staging.name,
      oid: step.staging.oid,
      sizeBytes: contents.sizeBytes,
      tables: tables.length,
      rows: totalRows(tables),
    },
    ...{ ...differences, properties: compared?.properties ?? null },
    objects: contents.objects,
    extensions: contents.extensions.map(({ name, version }) => ({ name, version })),
    missingExtensions: extensionsLost(source.metadata, contents.extensions),
    invalidIndexes: contents.invalidIndexes,
    unvalidatedConstraints: contents.unvalidatedConstraints,
    assertions: contents.assertions,
    space: step.space,
    createdRoles: step.createdRoles,
    warnings: [...step.warnings, ...(compared?.warnings ?? [])],
    blockers: step.drill ? [] : await swapBlockers(connection, swapOrderOf(step, state)),
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

/** What of a backup takes a target's place. */
export function replacingBy({ metadata }: Pick<RestoreSource, 'metadata'>, tables: TableRows[]): Replacing {
  return { tables, properties: metadata?.format_version === 1 ? metadata.properties : null };
}

function extensionsLost(metadata: StoredMetadata | null, found: { name: string }[]): string[] {
  if (metadata?.format_version !== 1) return [];
  const there = new Set(found.map(({ name }) => name));
  return metadata.properties.extensions.map(({ name }) => name).filter((name) => !there.has(name));
}

/** What a swap of the evidence's staging database would be. */
export function swapOrderOf(step: EvidenceStep, { database }: TargetState) {
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

/** Writes what a restore leaves into `logs/`, and gives its full path. */
export function keepDocument(
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

/** @throws HoldfastError `RestoreUnproven` */
export function refuseUnproven(step: EvidenceStep, evidence: RestoreEvidence, path: string): void {
  const problems = provenProblems(evidence);
  if (problems.length === 0) return;
  throw new HoldfastError('RestoreUnproven', {
    attempted: `prove that ${showName(step.staging.name)} is backup ${evidence.backup.id}`,
    cause: problems.slice(0, 5).join('; ').slice(0, 1000),
    remedy: step.inPlace ? `see ${path}` : `see ${path}; the target was not touched`,
  });
}
