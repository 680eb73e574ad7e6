import type { ClusterConfig } from '../../config/config.js';
import { mayRestoreInPlace } from '../../domain/approval/policy.js';
import { isTooLittle } from '../../domain/restore/space.js';
import { approvalWords } from '../approval/approval-words.js';
import type { CommandContext } from '../context.js';
import { age, bytes, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { type PreviewRequest, planRestore, type RestorePlan } from './plan.js';

/** `holdfast restore --preview`: what a restore would do. Nothing is read but catalogues, and nothing is written. */
export async function previewRestore(
  { output }: CommandContext,
  cluster: ClusterConfig,
  request: PreviewRequest,
): Promise<number> {
  const plan = await planRestore(cluster, request);
  if (output.json) output.printJson(plan);
  else printPlan(output, plan);
  return 0;
}

/** Prints what a restore would do, and what would stop it. */
function printPlan(output: Output, plan: RestorePlan): void {
  const { backup, target, approval } = plan;
  const size = target.sizeBytes == null ? '' : `, ${bytes(target.sizeBytes)}`;
  const when = plan.inPlace ? 'before it is DROPPED' : 'at the swap';
  output.print(`backup    ${printable(backup.id)}, taken ${age(backup.takenAt)}, ${bytes(backup.sizeBytes)}`);
  output.print(
    target.exists
      ? `target    ${printable(target.name)} exists${size}, ${target.sessions} sessions; they are ended ${when}`
      : `target    ${printable(target.name)} does not exist and is created; needs no approval`,
  );
  for (const [index, step] of stepsOf(plan).entries()) output.print(`${index + 1}. ${step}`);
  if (plan.inPlace && approval && !mayRestoreInPlace(approval))
    output.warn('the target’s policy does not allow a restore in place');
  for (const blocker of plan.blockers) output.warn(`in the way of the swap: ${printable(blocker)}`);
  printSpace(output, plan);
  printLacks(output, plan);
  output.print('nothing was touched');
}

function stepsOf({ backup, target, staging, previous, approval, inPlace }: RestorePlan): string[] {
  const verify = `verify every byte of ${printable(backup.path)}`;
  const prove = 'count every row and compare it with the backup';
  const rename = `rename the loaded database to ${printable(target.name)}`;
  const wait = approval ? [`wait for approval ${approvalWords(approval)}`] : [];
  if (inPlace) {
    const drop = `DROP ${printable(target.name)}: this can NOT be undone`;
    return [verify, ...wait, drop, `load the backup into ${printable(staging)}`, prove, rename];
  }
  const meanwhile = previous ? ', while the target serves' : '';
  const load = `load it into ${printable(staging)}${meanwhile}`;
  const swap = previous
    ? `rename the target to ${printable(previous)} and the loaded database to ${printable(target.name)}`
    : rename;
  return [verify, load, prove, ...wait, swap];
}

function printSpace(output: Output, { space, reclaimedBytes }: RestorePlan): void {
  const { neededBytes, freeBytes, unknownBecause } = space;
  if (neededBytes === null || freeBytes === null)
    output.print(`room on the server is not judged: ${printable(unknownBecause ?? 'it is not known')}`);
  else {
    const room = `${bytes(neededBytes)} needed on the server, ${bytes(freeBytes)} free`;
    if (isTooLittle(space, reclaimedBytes)) output.warn(`the server’s disk has too little room: ${room}`);
    else output.print(`room      ${room}`);
  }
}

function printLacks(output: Output, plan: RestorePlan): void {
  for (const name of plan.rolesToCreate)
    output.print(`creates the role ${printable(name)}, as in the backup`);
  const remedy = plan.createRoles ? ', nor has the backup' : '; --globals creates it';
  for (const name of plan.unknownRoles) output.warn(`the server has no role ${printable(name)}${remedy}`);
  for (const name of plan.missingExtensions) output.warn(`the server has no extension ${printable(name)}`);
}
