import type { DatabaseProperties } from '../src/domain/backup/metadata.js';
import { formatTimestamp } from '../src/domain/backup/names.js';
import { HoldfastError } from '../src/domain/errors.js';
import type { LoadedStaging, RestoreProof, RestoreResult } from '../src/domain/restore/contracts.js';
import { restoreName } from '../src/domain/restore/names.js';
import { hashFile } from '../src/files/hash-file.js';
import { dropMarkedDatabase } from '../src/postgres/restore/swap/drop-database.js';
import type { ExchangeResult } from '../src/postgres/restore/swap/exchange.js';
import { finishOrUndoSwap, type SwapOrder, swapDatabases } from '../src/postgres/restore/swap/swap.js';
import { readTargetState } from '../src/postgres/restore/swap/target-state.js';
import { undoSwap } from '../src/postgres/restore/swap/undo-swap.js';
import { fileFingerprint } from '../src/repository/restore-source.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { keepDocument } from './evidence.js';
import { beatWithProgress } from './heartbeat/progress.js';
import { whileLeased } from './restore/lease.js';
import { loggedRestore, type RestoreStepInput, type SourceStepInput, sourceOf } from './restore/step.js';

export interface RecheckStep extends SourceStepInput {
  path: string;
  checksum: string;
  fingerprint: string;
}

export interface SwapStep extends SourceStepInput {
  target: string;
  /** The target as it was approved. */
  approved: RestoreProof['target'];
  staging: Pick<LoadedStaging, 'name' | 'oid'>;
  previousName: string;
}

export interface PreviousStep extends RestoreStepInput {
  previous: { name: string; oid: number };
}

export interface UndoStep extends PreviousStep {
  restoredOid: number;
}

/** Steps that rename and drop databases. */
export function createSwapActivities(deps: ActivityDeps) {
  return {
    /** Looks, without reading it where nothing touched it, whether the artifact is still the one that was approved. */
    async recheckArtifact(step: RecheckStep): Promise<void> {
      await loggedRestore(deps, step, 're-check', () => whileLeased(deps, step, () => recheck(deps, step)));
    },

    /** The restored database gets the target's name, in milliseconds; the target that of the previous one. */
    async swapDatabases(step: SwapStep): Promise<ExchangeResult> {
      return loggedRestore(deps, step, 'swap', async (log) => {
        const { connection } = clusterOf(deps, step.cluster);
        const done = await swapDatabases(connection, await orderOf(deps, step));
        log.success({ ...done }, `swapped ${step.target}`);
        return done;
      });
    },

    /** After a swap that failed: whether it was done all the same. If not, clients are let in again. */
    async settleSwap(step: SwapStep): Promise<'done' | 'undone'> {
      return loggedRestore(deps, step, 'settle swap', async () =>
        finishOrUndoSwap(clusterOf(deps, step.cluster).connection, await orderOf(deps, step)),
      );
    },

    /** Drops whatever staging database this run has left. */
    async dropStaging(step: RestoreStepInput): Promise<string[]> {
      return loggedRestore(deps, step, 'drop staging', () => dropStaging(deps, step));
    },

    /** Drops the database that the restore replaced. */
    async dropPrevious(step: PreviousStep): Promise<boolean> {
      const { target, previous } = step;
      const order = { ...previous, mark: 'previous', target } as const;
      return loggedRestore(deps, step, 'drop previous', () =>
        dropMarkedDatabase(clusterOf(deps, step.cluster).connection, order),
      );
    },

    /** Swaps back: the previous database gets the target's name again. */
    async undoRestore(step: UndoStep): Promise<{ undoneName: string; refusedMs: number | null }> {
      return loggedRestore(deps, step, 'undo', async () => {
        const { target: name, restoredOid, previous } = step;
        const undoneName = restoreName(name, 'undone', formatTimestamp(new Date(step.startedAt)));
        const order = { name, restoredOid, previous, undoneName, runId: runOf().runId };
        const { refusedMs } = await undoSwap(clusterOf(deps, step.cluster).connection, order);
        return { undoneName, refusedMs };
      });
    },

    /** Keeps the summary as a file in `logs/`. */
    async writeSummary(step: RestoreStepInput & { summary: RestoreResult }): Promise<string> {
      return keepDocument(deps, step, 'restore-summary', step.summary);
    },
  };
}

async function recheck(deps: ActivityDeps, step: RecheckStep): Promise<void> {
  const { metadata } = await sourceOf(deps, step);
  const isSame = metadata === null || metadata.checksum === step.checksum;
  if (isSame && (await fileFingerprint(step.path)) === step.fingerprint) return;
  const beat = beatWithProgress();
  const { checksum } = await hashFile(step.path, { onProgress: beat.stored });
  if (isSame && checksum === step.checksum) return;
  throw new HoldfastError('VerificationFailed', {
    attempted: `re-check ${step.path} before the swap`,
    cause: `the artifact changed since it was verified: its SHA-256 is ${checksum}, and was ${step.checksum}`,
    remedy: 'find out who writes to the repository; the target was not touched',
  });
}

async function orderOf(deps: ActivityDeps, step: SwapStep): Promise<SwapOrder> {
  const { approved, staging, previousName } = step;
  const { name, oid } = staging;
  const comment = await commentFor(deps, step);
  return { target: approved, staging: { name, oid }, previousName, comment, runId: runOf().runId };
}

/** The comment of the backup's database; one whose artifact vanished since must not keep a swap from being settled. */
async function commentFor(deps: ActivityDeps, step: SwapStep): Promise<DatabaseProperties['comment']> {
  const source = await sourceOf(deps, step).catch(() => undefined);
  return source?.metadata?.format_version === 1 ? source.metadata.properties.comment : null;
}

async function dropStaging(deps: ActivityDeps, { cluster, target }: RestoreStepInput): Promise<string[]> {
  const { connection } = clusterOf(deps, cluster);
  const { marked } = await readTargetState(connection, target);
  const mine = marked.filter(({ kind, runId }) => kind === 'staging' && runId === runOf().runId);
  for (const { name, oid } of mine)
    await dropMarkedDatabase(connection, { name, oid, mark: 'staging', target });
  return mine.map(({ name }) => name);
}
