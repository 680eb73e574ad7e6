import type { ClusterConfig } from '../../config/config.js';
import { approvalPolicyOf } from '../../config/restoring.js';
import { formatTimestamp } from '../../domain/backup/names.js';
import type { BackupReference } from '../../domain/restore/contracts.js';
import { restoreName } from '../../domain/restore/names.js';
import { planRoles } from '../../postgres/restore/load/apply-globals.js';
import { missingExtensions } from '../../postgres/restore/load/missing-extensions.js';
import { missingRoles, rolesOfProperties } from '../../postgres/restore/load/missing-roles.js';
import { readRestoreSpace } from '../../postgres/restore/staging/space.js';
import { readTargetBlockers } from '../../postgres/restore/swap/exchange-blockers.js';
import { readTargetState, type TargetState } from '../../postgres/restore/swap/target-state.js';
import { openRepository } from '../../repository/open-repository.js';
import { readGlobals } from '../../repository/read-globals.js';
import { findRestoreSource, type RestoreSource } from '../../repository/restore-source.js';

/** What is to be restored, and how. */
export interface PreviewRequest {
  backup: BackupReference;
  target: string;
  /** `--globals`: roles that the server lacks are created. */
  createRoles: boolean;
  /** `--in-place`: the target is dropped first. */
  inPlace: boolean;
}

/** What a restore would do. */
export type RestorePlan = Awaited<ReturnType<typeof planRestore>>;

/** Looks at what a restore would meet. Nothing is read but catalogues, and nothing is written. */
export async function planRestore(
  cluster: ClusterConfig,
  { backup, target, createRoles, inPlace }: PreviewRequest,
) {
  const source = await findRestoreSource(openRepository(cluster), backup);
  const state = await readTargetState(cluster.connection, target);
  const { database } = state;
  const lacks = await missing(cluster, source);
  const found =
    createRoles && lacks.missingRoles.length > 0 ? await roles(cluster, source, lacks) : undefined;
  const timestamp = formatTimestamp(new Date());
  const isDropped = inPlace && database !== null;
  return {
    backup: { id: source.id, path: source.path, takenAt: source.takenAt, sizeBytes: source.sizeBytes },
    target: { cluster: cluster.name, name: target, exists: database !== null, ...database },
    staging: restoreName(target, 'staging', timestamp, state.names),
    previous: database && !isDropped ? restoreName(target, 'before', timestamp, state.names) : null,
    inPlace: isDropped,
    needsApproval: database !== null,
    approval: database ? approvalPolicyOf(cluster, target) : null,
    space: await readRestoreSpace(cluster.connection, source.metadata),
    reclaimedBytes: isDropped ? (database.sizeBytes ?? 0) : 0,
    blockers: await blockersOf(cluster, target, state, isDropped),
    ...lacks,
    createRoles,
    rolesToCreate: found?.created ?? [],
    unknownRoles: found?.unknown ?? lacks.missingRoles,
  };
}

async function blockersOf(
  { connection }: ClusterConfig,
  name: string,
  { database }: TargetState,
  isDropped: boolean,
) {
  return readTargetBlockers(connection, { name, oid: database?.oid ?? null }, { passing: true, isDropped });
}

async function roles(
  { connection }: ClusterConfig,
  source: RestoreSource,
  { missingRoles: names }: { missingRoles: string[] },
) {
  return planRoles(connection, await readGlobals(source), names);
}

async function missing({ connection }: ClusterConfig, { metadata }: RestoreSource) {
  if (metadata?.format_version !== 1) return { missingRoles: [], missingExtensions: [] };
  const { properties } = metadata;
  return {
    missingRoles: await missingRoles(connection, rolesOfProperties(properties)),
    missingExtensions: await missingExtensions(connection, properties.extensions),
  };
}
