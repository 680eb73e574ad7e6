import type { ClusterConfig } from '../../config/config.js';
import { workflowTypes } from '../../domain/contracts.js';
import { keepSizeWarning } from '../../domain/wal/replication-slot.js';
import {
  type WalStreamInput,
  type WalStreamResult,
  walStreamWorkflowId,
} from '../../domain/wal/stream-contracts.js';
import { withMaintenanceConnection } from '../../postgres/connection/connection.js';
import { inspectStreaming } from '../../postgres/streaming/inspect-streaming.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { commonInput, refuseUnmetHere, runOperation } from '../operation/run.js';
import { openSession } from '../operation/session.js';
import { streamWords } from '../operation/step-words.js';
import { instant, printable, shellWord } from '../output/format.js';
import type { Output } from '../output/output.js';
import { endStream, nothingStreams, removeSlot } from './stream-stop.js';

export interface WalStreamOptions {
  detach?: boolean;
  stop?: boolean;
  dropSlot?: boolean;
}

const stepWords = { ...streamWords, streamWal: 'streaming; Ctrl-C stops it' };

/** `holdfast wal stream [CLUSTER]`: streams until it is stopped; `--stop` stops it. */
export async function walStreamCommand(
  context: CommandContext,
  clusterName: string,
  options: WalStreamOptions,
): Promise<number> {
  const cluster = clusterNamed(context.config, clusterName);
  const isToEnd = options.stop === true || options.dropSlot === true;
  const result = isToEnd
    ? await endStream(context, cluster)
    : await stream(context, cluster, options.detach === true);
  if (isToEnd && !result && !options.dropSlot) throw nothingStreams(cluster);
  if (result) tellStopped(context.output, result, options.dropSlot === true);
  if (options.dropSlot) await removeSlot(context, cluster);
  return 0;
}

async function stream(
  context: CommandContext,
  cluster: ClusterConfig,
  detach: boolean,
): Promise<WalStreamResult | undefined> {
  refuseUnmetHere(context, cluster);
  const session = await openSession(context, cluster.host, detach);
  try {
    const input: WalStreamInput = commonInput(context, session, cluster);
    const summary = `WAL stream of ${printable(cluster.name)}`;
    const workflowId = walStreamWorkflowId(cluster.name);
    const start = { type: workflowTypes.walStream, workflowId, queues: session.queues, input, summary };
    await warnOfDisk(context, cluster);
    return await runOperation<WalStreamResult>(context, session, start, { stepWords, detach });
  } finally {
    await session.close();
  }
}

/** What a stream costs the server's disk when it pauses. What keeps us from asking, the workflow's own steps tell. */
async function warnOfDisk({ output, config }: CommandContext, cluster: ClusterConfig): Promise<void> {
  if (cluster.host !== config.host) return;
  const facts = await withMaintenanceConnection(cluster.connection, inspectStreaming).catch(() => undefined);
  const warning = facts && keepSizeWarning(facts.maxKeptBytes);
  if (warning !== undefined) output.warn(warning);
}

function tellStopped(output: Output, result: WalStreamResult, isSlotToGo: boolean): void {
  if (output.json) output.printJson(result);
  const { cluster, flushedLsn, slot, since } = result;
  output.success(`stopped streaming the WAL of ${printable(cluster)}`);
  output.print(`  since     ${instant(since)}`);
  if (flushedLsn) output.print(`  received  to ${flushedLsn} or beyond`);
  if (slot === null || isSlotToGo) return;
  output.warn(
    `replication slot ${slot} stays, and the server keeps its WAL for it: stream again soon, or drop it by \`holdfast wal stream ${shellWord(cluster)} --stop --drop-slot\``,
  );
}
