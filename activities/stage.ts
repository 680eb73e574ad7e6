import { cancellationSignal } from '@temporalio/activity';
import type { ConnectionSettings } from '../src/config/config.js';
import { approvalPolicyOf } from '../src/config/restoring.js';
import { type ApprovalPolicy, mayRestoreInPlace } from '../src/domain/approval.js';
import { type StoredMetadata, totalRows } from '../src/domain/backup.js';
import { HoldfastError } from '../src/domain/errors.js';
import { formatTimestamp } from '../src/domain/names.js';
import type { InspectedTarget, ResolvedBackup, VerifiedArtifact } from '../src/domain/restore-contracts.js';
import { byteLength, longestNameBytes, restoreName } from '../src/domain/restore-names.js';
import { isTooLittle } from '../src/domain/restore-space.js';
import { findClientTools } from '../src/postgres/client-tools.js';
import { showName } from '../src/postgres/quote.js';
import { readTargetBlockers } from '../src/postgres/restore/exchange-blockers.js';
import { readRestoreSpace, tooLittleSpace } from '../src/postgres/restore/restore-space.js';
import { swapBlocked } from '../src/postgres/restore/swap.js';
import { readTargetState } from '../src/postgres/restore/target-state.js';
import { fileFingerprint, type RestoreSource } from '../src/repository/restore-source.js';
import { verifyBackup } from '../src/repository/verify-backup.js';
import { readBackFile, type StoredReadBack } from '../src/stream/read-back.js';
import { type ActivityDeps, clusterOf, runOf, toolOptions } from './deps.js';
import { whileLeased } from './lease.js';
import { beatWithProgress } from './progress-beat.js';
import { refuseRequester } from './refuse-requester.js';
import {
  loggedRestore,
  type RestoreStepInput,
  type SourceStepInput,
  sourceOf,
  writeHandover,
} from './restore-step.js';
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
  refuseLongName(target);
  const { metadata } = await sourceOf(deps, step);
  const state = await readTargetState(cluster.connection, target);
  const attempted = `restore database ${showName(target)}`;
  const policy = approvalPolicyOf(cluster, target);
  if (state.database && step.approveAsRequester) refuseRequester(attempted, policy);
  if (state.database && step.inPlace) refuseInPlace(attempted, policy, metadata);
  refuseOldServer(attempted, metadata?.pg_version, state.serverMajor, state.serverVersion);
  await requirePsql(deps, state.serverMajor, attempted);
  await refuseBlocked(cluster.connection, target, state.database?.oid ?? null);
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

/** Only what was proven may take the place of what is there, and only where the policy lets it. */
function refuseInPlace(attempted: string, policy: ApprovalPolicy, metadata: StoredMetadata | null): void {
  const refuse = (type: 'RestoreRejected' | 'ConfigurationInvalid', cause: string, remedy: string) =>
    new HoldfastError(type, { attempted: `${attempted} in place`, cause, remedy });
  if (!mayRestoreInPlace(policy)) {
    const why = policy.protected ? 'the target is protected' : 'the target’s policy does not allow it';
    throw refuse('RestoreRejected', why, 'leave out --in-place, or set approval.inPlace for this database');
  }
  if (metadata?.format_version === 1) return;
  const cause = 'the backup’s metadata has no rows to hold it against';
  throw refuse(
    'ConfigurationInvalid',
    cause,
    'leave out --in-place, or take a backup that Holdfast has verified',
  );
}

/** What stands against the swap and does not pass by itself is told now, not after hours of loading. */
async function refuseBlocked(
  connection: ConnectionSettings,
  name: string,
  oid: number | null,
): Promise<void> {
  const blockers = await readTargetBlockers(connection, { name, oid }, { passing: false });
  if (blockers.length > 0) throw swapBlocked(name, blockers);
}

/** PostgreSQL would cut it, and another database have it. */
function refuseLongName(target: string): void {
  if (target !== '' && byteLength(target) <= longestNameBytes) return;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `restore database ${showName(target)}`,
    cause: `the name has ${byteLength(target)} bytes, and a database's name has 1 to ${longestNameBytes}`,
    remedy: 'choose another name for the target',
  });
}

/** Names of this run's own: the time is that of its start, whichever attempt asks. */
function namesBeside({ target, startedAt }: RestoreStepInput, taken: string[]) {
  const timestamp = formatTimestamp(new Date(startedAt));
  return {
    stagingName: restoreName(target, 'staging', timestamp, taken),
    previousName: restoreName(target, 'before', timestamp, taken),
  };
}

/** @throws HoldfastError `ToolMissing` */
export async function requirePsql(deps: ActivityDeps, serverMajor: number, attempted: string): Promise<void> {
  const { psql } = await findClientTools(serverMajor, toolOptions(deps));
  if (!psql) throw toolMissing(attempted);
}

/** A dump is for servers of its own version or newer ones. @throws HoldfastError `ServerLacksFeature` */
export function refuseOldServer(
  attempted: string,
  takenOn: string | undefined,
  major: number,
  version: string,
): void {
  const takenOnMajor = Number.parseInt(takenOn ?? '', 10);
  if (!(takenOnMajor > major)) return;
  throw new HoldfastError('ServerLacksFeature', {
    attempted,
    cause: `the backup is of PostgreSQL ${takenOn}, and the server is ${version}`,
    remedy: `restore on PostgreSQL ${takenOnMajor} or newer`,
  });
}

function toolMissing(attempted: string): HoldfastError {
  return new HoldfastError('ToolMissing', {
    attempted,
    cause: 'there is no psql beside pg_dump',
    remedy: 'install PostgreSQL’s client programs whole, or name their folder in PG_BIN_DIR',
  });
}
