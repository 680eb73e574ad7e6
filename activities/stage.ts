import { cancellationSignal } from '@temporalio/activity';
import { approvalPolicyOf } from '../src/config/restoring.js';
import { totalRows } from '../src/domain/backup/metadata.js';
import { formatTimestamp } from '../src/domain/backup/names.js';
import { HoldfastError } from '../src/domain/errors.js';
import { refuseImpossibleName } from '../src/domain/impossible-name.js';
import type { InspectedTarget, ResolvedBackup, VerifiedArtifact } from '../src/domain/restore/contracts.js';
import { restoreName } from '../src/domain/restore/names.js';
import { isTooLittle } from '../src/domain/restore/space.js';
import { showName } from '../src/postgres/quote.js';
import { readRestoreSpace, tooLittleSpace } from '../src/postgres/restore/staging/space.js';
import { readTargetState } from '../src/postgres/restore/swap/target-state.js';
import { fileFingerprint, type RestoreSource } from '../src/repository/restore-source.js';
import { verifyBackup } from '../src/repository/verify-backup.js';
import { readBackFile, type StoredReadBack } from '../src/stream/store/read-back.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { beatWithProgress } from './heartbeat/progress.js';
import { refuseRequester } from './refuse-requester.js';
import { whileLeased } from './restore/lease.js';
import { refuseBlocked, refuseInPlace, refuseOldServer, requirePsql } from './restore/refuse-restore.js';
import {
  loggedRestore,
  type RestoreStepInput,
  type SourceStepInput,
  sourceOf,
  writeHandover,
} from './restore/step.js';
import { type ArtifactNeeds, type NeedsStep, refuseLacking } from './roles.js';

export interface InspectTargetStep extends NeedsStep {
  /** The requester means to approve unasked, with `--yes`. */
  approveAsRequester?: boolean;
  /** The target is to be dropped before the backup is loaded. */
  inPlace?: boolean;
}

/** Steps before anything is loaded. None of them touches the target. */
export function createStageActivities(deps: ActivityDeps) {
  return {
    /** Which backup a reference means. What is `latest` is decided here, once. */
    async resolveBackup(step: SourceStepInput): Promise<ResolvedBackup> {
      return loggedRestore(deps, step, 'resolve', async (log) => {
        const { id, path, metadata, takenAt, sizeBytes } = await sourceOf(deps, step);
        log.info({ backup: id, path, sizeBytes }, `restoring ${id}`);
        return { id, path, checksum: metadata?.checksum ?? null, takenAt, sizeBytes };
      });
    },

    /** Reads every byte of the artifact and holds it against its metadata. */
    async verifyArtifact(step: SourceStepInput): Promise<VerifiedArtifact> {
      return loggedRestore(deps, step, 'verify artifact', () =>
        whileLeased(deps, step, () => verifyArtifact(deps, step)),
      );
    },

    /** Looks at the target and at what the server lacks for this backup. */
    async inspectTarget(step: InspectTargetStep): Promise<InspectedTarget> {
      return loggedRestore(deps, step, 'inspect target', () => inspectTarget(deps, step));
    },
  };
}

async function verifyArtifact(deps: ActivityDeps, step: SourceStepInput): Promise<VerifiedArtifact> {
  const source = await sourceOf(deps, step);
  const fingerprint = await fileFingerprint(source.path);
  const beat = beatWithProgress(source.sizeBytes);
  const found = await readWhole(source, { signal: cancellationSignal(), onProgress: beat.stored });
  const { tables, roles = [], extensions = [] } = found;
  await writeHandover(clusterOf(deps, step.cluster), 'expected', tables);
  const needs: ArtifactNeeds = { roles, extensions };
  await writeHandover(clusterOf(deps, step.cluster), 'needs', needs);
  return {
    checksum: found.checksum,
    sizeBytes: found.sizeBytes,
    tables: found.tables.length,
    rows: totalRows(found.tables),
    attempt: runOf().attempt,
    fingerprint,
  };
}

async function readWhole(
  { path, compression, metadata }: RestoreSource,
  options: { signal: AbortSignal; onProgress: (bytes: number) => void },
): Promise<StoredReadBack> {
  if (metadata) return (await verifyBackup(path, metadata, options)).readBack;
  const found = await readBackFile(path, compression, options);
  if (found.complete) return found;
  throw new HoldfastError('VerificationFailed', {
    attempted: `verify ${path}`,
    cause: 'pg_dump’s end marker is missing: it is cut short, or no plain dump of pg_dump',
    remedy: 'restore another backup',
  });
}

async function inspectTarget(deps: ActivityDeps, step: InspectTargetStep): Promise<InspectedTarget> {
  const cluster = clusterOf(deps, step.cluster);
  const { target } = step;
  refuseImpossibleName('restore', target);
  const { metadata } = await sourceOf(deps, step);
  const state = await readTargetState(cluster.connection, target);
  const attempted = `restore database ${showName(target)}`;
  const policy = approvalPolicyOf(cluster, target);
  if (state.database && step.approveAsRequester) refuseRequester(attempted, policy);
  if (state.database && step.inPlace) refuseInPlace(attempted, policy, metadata);
  refuseOldServer(attempted, metadata?.pg_version, state.serverMajor, state.serverVersion);
  await requirePsql(deps, state.serverMajor, attempted);
  await refuseBlocked(
    cluster.connection,
    { name: target, oid: state.database?.oid ?? null },
    step.inPlace ?? false,
  );
  const space = await readRestoreSpace(cluster.connection, metadata);
  const reclaimedBytes = step.inPlace ? (state.database?.sizeBytes ?? 0) : 0;
  if (isTooLittle(space, reclaimedBytes)) throw tooLittleSpace(attempted, space);
  const rolesToCreate = await refuseLacking(deps, step, attempted);
  return {
    oid: state.database?.oid ?? null,
    sizeBytes: state.database?.sizeBytes ?? null,
    ...namesBeside(step, state.names),
    policy,
    rolesToCreate,
    space,
  };
}

/** Names of this run's own: the time is that of its start, whichever attempt asks. */
function namesBeside({ target, startedAt }: RestoreStepInput, taken: string[]) {
  const timestamp = formatTimestamp(new Date(startedAt));
  return {
    stagingName: restoreName(target, 'staging', timestamp, taken),
    previousName: restoreName(target, 'before', timestamp, taken),
  };
}
