import { type TableRows, totalRows } from '../src/domain/backup/metadata.js';
import { secondsSince } from '../src/domain/durations.js';
import { compareCounts } from '../src/domain/restore/compare-tables.js';
import type { RestoreProof } from '../src/domain/restore/contracts.js';
import { evidenceDigest, type RestoreEvidence } from '../src/domain/restore/evidence.js';
import { evidenceMarkdown } from '../src/domain/restore/evidence-markdown.js';
import type { RestoreSpace } from '../src/domain/restore/space.js';
import { type DropTargetOrder, dropTarget, settleDrop } from '../src/postgres/restore/swap/drop-target.js';
import { readTargetBlockers } from '../src/postgres/restore/swap/exchange-blockers.js';
import { swapBlocked } from '../src/postgres/restore/swap/swap.js';
import { readTargetState } from '../src/postgres/restore/swap/target-state.js';
import { sha256 } from '../src/sha256.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { keepDocument, replacingBy, targetEvidence } from './evidence.js';
import { namingSome } from './restore/every-difference.js';
import { cutLines, loggedRestore, readHandover, type SourceStepInput, sourceOf } from './restore/step.js';
import { differenceTo } from './restore/target-difference.js';

export interface InPlaceEvidenceStep extends SourceStepInput {
  /** The empty staging database. */
  staging: { name: string; oid: number };
  checksum: string;
  expectedAttempt: number;
  space: RestoreSpace;
  createdRoles: string[];
  warnings: string[];
}

export interface DropTargetStep extends SourceStepInput {
  staging: { name: string; oid: number };
  /** The target as it was approved. */
  approved: DropTargetOrder['target'];
}

/** Steps of a restore in place, for which the target is dropped before the backup is loaded. */
export function createInPlaceActivities(deps: ActivityDeps) {
  return {
    /** What can be proven before anything is lost: the artifact's rows, and what the target has now. */
    async gatherInPlaceEvidence(step: InPlaceEvidenceStep): Promise<RestoreProof> {
      return loggedRestore(deps, step, 'evidence', async (log) => {
        const { evidence, every, target } = await gather(deps, step);
        if (evidence.blockers.length > 0) throw swapBlocked(step.target, evidence.blockers);
        const digest = evidenceDigest(evidence, sha256);
        const path = keepDocument(deps, step, 'restore-evidence', { digest, evidence, every });
        log.info({ digest, path }, `evidence ${digest}`);
        const { tables, rows, sizeBytes } = evidence.staging;
        return {
          digest,
          markdown: evidenceMarkdown(evidence, digest),
          path,
          target,
          ...{ tables, rows, sizeBytes, assertions: 0 },
          warnings: cutLines(evidence.warnings),
        };
      });
    },

    /** Ends the sessions in the target and drops it: from here on there is only the backup. */
    async dropTarget(step: DropTargetStep): Promise<number> {
      return loggedRestore(deps, step, 'drop target', async (log) => {
        const ended = await dropTarget(clusterOf(deps, step.cluster).connection, orderOf(step));
        log.success({ endedSessions: ended }, `dropped ${step.target}`);
        return ended;
      });
    },

    /** After a drop that failed: whether it was done all the same. If not, clients are let in again. */
    async settleDrop(step: DropTargetStep): Promise<'dropped' | 'kept'> {
      return loggedRestore(deps, step, 'settle drop', () =>
        settleDrop(clusterOf(deps, step.cluster).connection, orderOf(step)),
      );
    },
  };
}

function orderOf({ approved, staging }: DropTargetStep): DropTargetOrder {
  return { target: approved, staging, runId: runOf().runId };
}

async function gather(deps: ActivityDeps, step: InPlaceEvidenceStep) {
  const { connection, ...cluster } = clusterOf(deps, step.cluster);
  const { id, takenAt, metadata } = await sourceOf(deps, step);
  const stored = metadata?.format_version === 1 ? metadata : undefined;
  const found = await readHandover<TableRows[]>({ connection, ...cluster }, 'expected', step.expectedAttempt);
  const state = await readTargetState(connection, step.target);
  const { database } = state;
  const compared = database
    ? await differenceTo(connection, { name: step.target, ...database }, replacingBy({ metadata }, found))
    : undefined;
  const present = database && { name: step.target, oid: database.oid };
  const read = found.map((table) => ({ ...table, ofExtension: false }));
  const counts = compareCounts(stored?.tables ?? [], read, Infinity);
  const { every, ...differences } = namingSome(counts, compared?.difference ?? null);
  const evidence: RestoreEvidence = {
    inPlace: true,
    backup: { id, checksum: step.checksum, takenAt, ageSeconds: secondsSince(takenAt) },
    target: targetEvidence(step, state),
    staging: {
      ...step.staging,
      sizeBytes: step.space.neededBytes ?? 0,
      tables: found.length,
      rows: totalRows(found),
    },
    ...{ ...differences, properties: compared?.properties ?? null },
    ...{ objects: {}, missingExtensions: [], invalidIndexes: [], unvalidatedConstraints: [], assertions: [] },
    extensions: (stored?.properties.extensions ?? []).map(({ name, version }) => ({ name, version })),
    ...{ space: step.space, createdRoles: step.createdRoles },
    warnings: [...step.warnings, ...(compared?.warnings ?? [])],
    blockers: present
      ? await readTargetBlockers(connection, present, { passing: true, isDropped: true })
      : [],
  };
  const target = {
    ...{ name: step.target, oid: evidence.target.oid },
    ...{
      acceptsConnections: database?.acceptsConnections ?? true,
      isTemplate: database?.isTemplate ?? false,
    },
  };
  return { evidence, every, target };
}
