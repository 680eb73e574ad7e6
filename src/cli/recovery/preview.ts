import type { ClusterConfig } from '../../config/config.js';
import { clusterPolicyOf } from '../../config/restoring.js';
import { describeTarget } from '../../domain/recovery/target.js';
import { lookAtFolder } from '../../postgres/recovery/claim-folder.js';
import { placeTablespaces } from '../../postgres/recovery/place-tablespaces.js';
import { lookForRoom, type RecoveryRoom, whyNoRoom } from '../../postgres/recovery/require-room.js';
import { inspectStanding } from '../../postgres/recovery/standing-cluster.js';
import { baseRepository } from '../../repository/base/base-repository.js';
import { walLayout } from '../../repository/local/wal/wal-layout.js';
import { planRecoveryFrom } from '../../repository/plan-recovery-from.js';
import { approvalWords } from '../approval/approval-words.js';
import type { CommandContext } from '../context.js';
import { bytes, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import type { RecoveryWish } from './arguments.js';

/** `holdfast restore --preview --target-time …`: what a recovery would do. Nothing is written, and no server asked. */
export async function previewRecovery(
  { config, output }: CommandContext,
  cluster: ClusterConfig,
  wish: RecoveryWish,
): Promise<number> {
  const plan = await planPreview(cluster, wish, config.pgBinDir);
  if (output.json) output.printJson(plan);
  else printPlan(output, plan);
  return 0;
}

async function planPreview(cluster: ClusterConfig, wish: RecoveryWish, pgBinDir: string | undefined) {
  const { dataDir, target, timeline, action, tablespaces = [] } = wish;
  const attempted = `recover cluster "${cluster.name}" into ${dataDir}`;
  const state = await lookAtFolder(attempted, dataDir);
  const standing = state === 'cluster' ? await inspectStanding(attempted, dataDir, pgBinDir) : null;
  const { repositoryPath, name } = cluster;
  const places = { bases: baseRepository(repositoryPath, name), layout: walLayout(repositoryPath) };
  const { signal } = new AbortController();
  const asked = { cluster: name, target, timeline, signal, ...(wish.base && { base: wish.base }) };
  const { base, window } = await planRecoveryFrom(places, asked);
  const placed = await placeTablespaces(attempted, base.tablespaces, tablespaces, dataDir);
  // Beside a cluster that gives way; of what lies in how many file systems nothing is judged, as by the recovery itself.
  const workDir = standing ? `${dataDir}.recovering` : dataDir;
  const room = placed.length === 0 ? await lookForRoom(attempted, workDir, base.uncompressedBytes) : null;
  return {
    ...{ cluster: name, dataDir, state, standing, action, window, target: describeTarget(target) },
    base: { id: base.id, stoppedAt: base.stoppedAt, uncompressedBytes: base.uncompressedBytes },
    tablespaces: placed,
    room,
    approval: standing ? clusterPolicyOf(cluster) : null,
  };
}

function printPlan(output: Output, plan: Awaited<ReturnType<typeof planPreview>>): void {
  const { base, standing, approval, window } = plan;
  const dataDir = printable(plan.dataDir);
  output.print(`base backup ${base.id}, ${bytes(base.uncompressedBytes)} unpacked`);
  if (window) output.print(`recoverable from ${window.from} to ${window.to}`);
  if (plan.room) printRoom(output, plan.room);
  const free = plan.state === 'missing' ? 'does not exist, and is made' : 'is empty';
  output.print(
    standing
      ? `folder    ${dataDir} is a stopped cluster of PostgreSQL ${standing.pgVersion} (${standing.state ?? 'its control file can’t be read'})`
      : `folder    ${dataDir} ${free}; nobody need approve`,
  );
  for (const { path } of plan.tablespaces) output.print(`and       ${printable(path)}, for a tablespace`);
  const steps = [
    `unpack the base backup ${standing ? `beside ${dataDir}` : `into ${dataDir}`}, proving every byte`,
    `replay WAL to ${printable(plan.target)}, and make sure that it stopped there`,
    'look into every database',
    ...(approval
      ? [
          `wait for approval ${approvalWords(approval)}`,
          `rename ${dataDir} to ${dataDir}__before_TIME, and what was recovered to ${dataDir}`,
        ]
      : []),
  ];
  for (const [index, step] of steps.entries()) output.print(`${index + 1}. ${step}`);
  output.print('nothing was touched');
}

function printRoom(output: Output, room: RecoveryRoom): void {
  const lacking = whyNoRoom(room);
  if (lacking === undefined)
    output.print(`room      ${bytes(room.freeBytes)} free in ${printable(room.folder)}, before WAL`);
  else output.warn(`there is too little room: ${printable(lacking)}`);
}
