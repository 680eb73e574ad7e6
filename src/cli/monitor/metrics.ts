import { type ClusterMetrics, metricsOf } from '../../domain/health/metrics.js';
import { gatherFacts } from '../../monitoring/gather-facts.js';
import { type CommandContext, clustersNamed } from '../context.js';

/** `holdfast metrics [CLUSTER]`: figures from the repository alone, as JSON. One cluster's stand at the top. */
export async function metricsCommand(
  { config, output, stateDir }: CommandContext,
  clusterName: string | undefined,
): Promise<number> {
  const all: ClusterMetrics[] = [];
  for (const cluster of clustersNamed(config, clusterName)) {
    if (clusterName === undefined && cluster.host !== config.host) continue;
    const facts = await gatherFacts({
      ...{ cluster, host: config.host, stateDir, withServer: false, now: new Date() },
      ...{ after: null, limit: Number.POSITIVE_INFINITY, signal: new AbortController().signal },
    });
    all.push(metricsOf(facts));
  }
  const [only] = all;
  output.printJson(only && all.length === 1 ? only : { clusters: all });
  return 0;
}
