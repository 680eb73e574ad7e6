import { workflowTypes } from '../domain/contracts.js';
import { type RecoveryInput, type RecoveryResult, recoveryWorkflowId } from '../domain/recovery-contracts.js';
import { describeTarget } from '../domain/recovery-target.js';
import { type CommandContext, clusterNamed } from './context.js';
import { bytes, counted, duration, printable, shellWord } from './output/format.js';
import type { Output } from './output/output.js';
import { type RecoveryArguments, whatToRecover } from './recovery-arguments.js';
import { commonInput, runOperation } from './run-operation.js';
import { openSession } from './session.js';

const stepWords = {
  resolveRecovery: 'looking for what to recover from',
  extractBaseBackup: 'unpacking the base backup',
  recoverCluster: 'replaying',
  proveRecovered: 'looking into the databases',
};

/** `holdfast restore --target-time T --data-dir DIR [CLUSTER]`: a whole cluster as it was at a point in time. */
export async function recoverCommand(
  context: CommandContext,
  clusterName: string,
  options: RecoveryArguments & { reason?: string; detach?: boolean },
): Promise<number> {
  const wish = whatToRecover(options);
  const cluster = clusterNamed(context.config, clusterName);
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    const input: RecoveryInput = {
      ...commonInput(context, session, cluster),
      ...wish,
      reason: options.reason ?? '',
    };
    const summary = `recovery of ${printable(cluster.name)} to ${printable(describeTarget(wish.target))}`;
    const workflowId = recoveryWorkflowId(cluster.name, wish.dataDir);
    const type = workflowTypes.pointInTimeRecovery;
    const start = { type, workflowId, queues: session.queues, input, summary };
    const how = { stepWords, detach: options.detach === true };
    const result = await runOperation<RecoveryResult>(context, session, start, how);
    if (!result) return 0;
    if (context.output.json) context.output.printJson(result);
    else printRecovery(context.output, result);
    return 0;
  } finally {
    await session.close();
  }
}

function printRecovery(output: Output, result: RecoveryResult): void {
  const { databases, databaseCount, server, dataDir, steps } = result;
  output.success(`recovered ${printable(result.cluster)} to ${printable(result.target)}`);
  output.print(`  into      ${printable(dataDir)} (${result.control.state})`);
  output.print(`  from      ${result.base}, ${counted(result.segments, 'segment')} of WAL`);
  output.print(`  stopped   ${printable(result.stopReason)}`);
  if (result.replayedTo) output.print(`  last in   ${printable(result.replayedTo)}`);
  output.print(`  timeline  ${result.timeline}`);
  output.print(`  took      ${steps.map(({ step, seconds }) => `${step} ${duration(seconds)}`).join(', ')}`);
  for (const { name, sizeBytes, tables } of databases ?? [])
    output.print(`  database  ${printable(name)}, ${counted(tables, 'table')}, ${bytes(sizeBytes)}`);
  const more = (databaseCount ?? 0) - (databases?.length ?? 0);
  if (more > 0) output.print(`            and ${counted(more, 'more database')}`);
  output.print(nextWords(result.action, dataDir, server));
}

function nextWords(
  action: RecoveryResult['action'],
  dataDir: string,
  server: RecoveryResult['server'],
): string {
  const start = `pg_ctl -D ${shellWord(dataDir)} start`;
  if (server) {
    const { socketDir, port, role } = server;
    return `look into it: psql -h ${shellWord(socketDir)} -p ${port} -U ${shellWord(role)}\n  what the next transaction was altering or dropping stays locked until SELECT pg_promote(), which makes it writable`;
  }
  const words = action === 'promote' ? 'start it' : 'start it, and it waits at its target';
  return `${words}, as the account it belongs to: ${start}`;
}
