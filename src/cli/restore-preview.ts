import type { ClusterConfig } from '../config/config.js';
import { approvalPolicyOf } from '../config/restoring.js';
import { type ApprovalPolicy, requesterBarredBecause } from '../domain/approval.js';
import { formatTimestamp } from '../domain/names.js';
import type { BackupReference } from '../domain/restore-contracts.js';
import { restoreName } from '../domain/restore-names.js';
import { isTooLittle, type RestoreSpace } from '../domain/restore-space.js';
import { planRoles } from '../postgres/restore/apply-globals.js';
import { readTargetBlockers } from '../postgres/restore/exchange-blockers.js';
import { missingExtensions } from '../postgres/restore/missing-extensions.js';
import { missingRoles, rolesOfProperties } from '../postgres/restore/missing-roles.js';
import { readRestoreSpace } from '../postgres/restore/restore-space.js';
import { readTargetState, type TargetState } from '../postgres/restore/target-state.js';
import { openRepository } from '../repository/open-repository.js';
import { readGlobals } from '../repository/read-globals.js';
import { findRestoreSource, type RestoreSource } from '../repository/restore-source.js';
import type { CommandContext } from './context.js';
import { age, bytes, duration, printable } from './output/format.js';
import type { Output } from './output/output.js';

export interface PreviewRequest {
  backup: BackupReference;
  target: string;
  /** `--globals`: roles that the server lacks are created. */
  createRoles: boolean;
}

/** `holdfast restore --preview`: what a restore would do. Nothing is read but catalogues, and nothing is written. */
export async function previewRestore(
  { output }: CommandContext,
  cluster: ClusterConfig,
  { backup, target, createRoles }: PreviewRequest,
): Promise<number> {
  const source = await findRestoreSource(openRepository(cluster), backup);
  const state = await readTargetState(cluster.connection, target);
  const lacks = await missing(cluster, source);
  const toCreate = createRoles && lacks.missingRoles.length > 0 ? await roles(cluster, source, lacks) : null;
  const timestamp = formatTimestamp(new Date());
  const plan = {
    backup: { id: source.id, path: source.path, takenAt: source.takenAt, sizeBytes: source.sizeBytes },
    target: { cluster: cluster.name, name: target, exists: state.database !== null, ...state.database },
    staging: restoreName(target, 'staging', timestamp, state.names),
    previous: state.database ? restoreName(target, 'before', timestamp, state.names) : null,
    needsApproval: state.database !== null,
    approval: state.database ? approvalPolicyOf(cluster, target) : null,
    space: await readRestoreSpace(cluster.connection, source.metadata),
    blockers: await blockersOf(cluster, target, state),
    ...lacks,
    rolesToCreate: toCreate?.created ?? [],
  };
  if (output.json) {
    output.printJson(plan);
    return 0;
  }
  const { database } = state;
  const size = database?.sizeBytes == null ? '' : `, ${bytes(database.sizeBytes)}`;
  output.print(`backup    ${printable(source.id)}, taken ${age(source.takenAt)}, ${bytes(source.sizeBytes)}`);
  output.print(
    database
      ? `target    ${printable(target)} exists${size}, ${database.sessions} sessions; they are ended at the swap`
      : `target    ${printable(target)} does not exist and is created; needs no approval`,
  );
  output.print(`1. verify every byte of ${printable(source.path)}`);
  output.print(`2. load it into ${printable(plan.staging)}, while the target serves`);
  output.print('3. count every row and compare it with the backup');
  if (plan.approval) output.print(`4. wait for approval ${approvalWords(plan.approval)}`);
  output.print(
    plan.previous
      ? `5. rename the target to ${printable(plan.previous)} and the loaded database to ${printable(target)}`
      : `4. rename the loaded database to ${printable(target)}`,
  );
  for (const blocker of plan.blockers) output.warn(`in the way of the swap: ${printable(blocker)}`);
  printSpace(output, plan.space);
  for (const name of plan.rolesToCreate)
    output.print(`creates the role ${printable(name)}, as in the backup`);
  for (const name of toCreate?.unknown ?? lacks.missingRoles)
    output.warn(
      `the server has no role ${printable(name)}${toCreate ? ', nor has the backup' : '; --globals creates it'}`,
    );
  for (const name of lacks.missingExtensions) output.warn(`the server has no extension ${printable(name)}`);
  output.print('nothing was touched');
  return 0;
}

async function blockersOf({ connection }: ClusterConfig, name: string, { database }: TargetState) {
  return database ? readTargetBlockers(connection, { name, oid: database.oid }, { passing: true }) : [];
}

function printSpace(output: Output, space: RestoreSpace): void {
  const { neededBytes, freeBytes, unknownBecause } = space;
  if (neededBytes === null || freeBytes === null)
    output.print(`room on the server is not judged: ${printable(unknownBecause ?? 'it is not known')}`);
  else if (isTooLittle(space))
    output.warn(
      `the server’s disk has too little room: ${bytes(neededBytes)} needed, ${bytes(freeBytes)} free`,
    );
  else output.print(`room      ${bytes(neededBytes)} needed on the server, ${bytes(freeBytes)} free`);
}

function approvalWords(policy: ApprovalPolicy): string {
  const { approvers, deadlineMinutes, allowedApprovers } = policy;
  const barred = requesterBarredBecause(policy);
  return [
    approvers > 1 ? `by ${approvers} people` : 'by one person',
    ...(barred ? [`other than the requester (${barred})`] : []),
    ...(allowedApprovers ? [`of ${allowedApprovers.map(printable).join(', ')}`] : []),
    `within ${duration(deadlineMinutes * 60)}`,
  ].join(' ');
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
