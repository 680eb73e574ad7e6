import type { ClusterConfig } from '../../config/config.js';
import { HoldfastError, messageOf } from '../../domain/errors.js';
import type { MonitorResult } from '../../domain/health/contracts.js';
import { countStates, type Finding } from '../../domain/health/finding.js';
import { monitorOnce } from '../../monitoring/monitor-once.js';
import { monitoringOf } from '../../temporal/operations.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { onInterrupt } from '../operation/interrupt.js';
import { monitorWords } from '../operation/step-words.js';
import { printable } from '../output/format.js';
import { type NagiosReport, nagiosReport, nagiosUnknown } from './nagios.js';
import { tellLooks } from './telling.js';

export interface MonitorOptions {
  offline?: boolean;
  nagios?: boolean;
}

/** Verification failed: something is critical. */
const criticalExitCode = 5;

/** `holdfast monitor [CLUSTER]`: one look at the backups of one cluster, or of all. */
export async function monitorCommand(
  context: CommandContext,
  clusterName: string | undefined,
  options: MonitorOptions,
): Promise<number> {
  if (options.nagios !== true) return look(context, clusterName, options);
  try {
    const results = await lookAtAll(context, clusterName, options);
    return answer(nagiosReport(results));
  } catch (error) {
    return answer(nagiosUnknown(messageOf(error)));
  }
}

/** Only standard output is read by what runs plugins. */
function answer({ text, exitCode }: NagiosReport): number {
  process.stdout.write(`${text}\n`);
  return exitCode;
}

async function look(context: CommandContext, clusterName: string | undefined, options: MonitorOptions) {
  const results = await lookAtAll(context, clusterName, options);
  if (context.output.json) context.output.printJson(results);
  else tellLooks(context.output, results);
  return results.some(({ counts }) => counts.critical > 0) ? criticalExitCode : 0;
}

async function lookAtAll(
  context: CommandContext,
  clusterName: string | undefined,
  options: MonitorOptions,
): Promise<MonitorResult[]> {
  const { config } = context;
  const clusters =
    clusterName === undefined ? clustersFor(context, options) : [clusterNamed(config, clusterName)];
  const results: MonitorResult[] = [];
  for (const cluster of clusters)
    results.push(await lookAtOne(context, cluster, options, clusters.length > 1));
  return results;
}

/** Without Temporal only what lies on this host can be looked at. */
function clustersFor({ config, output }: CommandContext, { offline }: MonitorOptions): ClusterConfig[] {
  const all = Object.values(config.clusters);
  const here = all.filter(({ host }) => host === config.host);
  if (offline !== true || here.length === 0) return all;
  for (const { name, host } of all.filter((cluster) => !here.includes(cluster)))
    output.note(`${printable(name)} lies on host ${printable(host)}: look there`);
  return here;
}

/** Of several clusters, one that can't be looked at is a finding and keeps the others from nothing. */
async function lookAtOne(
  context: CommandContext,
  cluster: ClusterConfig,
  options: MonitorOptions,
  isOneOfMany: boolean,
): Promise<MonitorResult> {
  try {
    if (options.offline === true) return await lookFromHere(context, cluster, options, false);
    return await lookByWorkflow(context, cluster, options);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.type === 'TemporalUnreachable' && cluster.host === context.config.host) {
      const result = await lookFromHere(context, cluster, options, true);
      return { ...result, warnings: [`looked without Temporal: ${error.message}`, ...result.warnings] };
    }
    if (!isOneOfMany) throw error;
    return notLookedAt(cluster, error);
  }
}

async function lookFromHere(
  { config, output, stateDir }: CommandContext,
  cluster: ClusterConfig,
  { nagios: withoutReread = false }: MonitorOptions,
  withServer: boolean,
): Promise<MonitorResult> {
  if (cluster.host !== config.host) {
    throw new HoldfastError('NoWorkerForHost', {
      attempted: `look at the backups of cluster "${cluster.name}" from host "${config.host}"`,
      cause: `they lie on host "${cluster.host}"`,
      remedy: `run \`holdfast monitor --offline ${cluster.name}\` there`,
    });
  }
  const controller = new AbortController();
  const stopListening = onInterrupt(() => controller.abort());
  const onStep = (words: string) => output.isTerminal && output.note(`${printable(cluster.name)}: ${words}`);
  try {
    return await monitorOnce({
      config,
      cluster,
      stateDir,
      withServer,
      withoutReread,
      signal: controller.signal,
      onStep,
    });
  } finally {
    stopListening();
  }
}

/** Temporal's client is loaded only here: without it, a look must not wait for it. */
async function lookByWorkflow(
  context: CommandContext,
  cluster: ClusterConfig,
  { nagios: withoutReread = false }: MonitorOptions,
): Promise<MonitorResult> {
  const { openSession } = await import('../operation/session.js');
  const { runOperation, thisCommand } = await import('../operation/run.js');
  const session = await openSession(context, cluster.host, false);
  try {
    const asker = thisCommand(context, session, cluster);
    const start = { ...monitoringOf(cluster, asker, { withoutReread }), queues: session.queues };
    const result = await runOperation<MonitorResult>(context, session, start, {
      stepWords: monitorWords,
      detach: false,
    });
    if (!result) throw new Error('unreachable: a look is not detached');
    return result;
  } finally {
    await session.close();
  }
}

function notLookedAt({ name: cluster }: ClusterConfig, error: HoldfastError): MonitorResult {
  const finding: Finding = {
    ...{ check: 'repository', cluster, database: '', state: 'critical', metrics: {} },
    message: `not looked at: ${error.message}`,
    threshold: 'the folder is there, and the same as before',
    remedy: error.remedy ?? '',
  };
  return {
    ...{ cluster, observedAt: new Date().toISOString(), findings: [finding], findingCount: 1 },
    counts: countStates([finding]),
    reread: { backups: 0, bytes: 0, damaged: 0, changed: 0 },
    delivery: { delivered: 0, waiting: 0, problems: [] },
    warnings: [],
  };
}
