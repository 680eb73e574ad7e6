import type { Client } from '@temporalio/client';
import type { Figure } from '../domain/metrics/catalogue.js';
import { mayWait, type RunningDecidable, runningDecidables } from './running-decidables.js';

/** What waits for people in these clusters, by cluster and operation. Rejects where Temporal does not answer. */
export async function approvalFigures(
  client: Client,
  clusters: readonly string[],
  withinMs: number,
): Promise<Figure[]> {
  const list = () => runningDecidables(client, withinMs);
  const running = await client.withDeadline(Date.now() + withinMs, list);
  const waiting = running.filter(mayWait);
  return clusters.flatMap((cluster) =>
    ['restore', 'recovery'].flatMap((operation) =>
      figuresOf(
        waiting.filter((each) => each.cluster === cluster && each.operation === operation),
        { cluster, operation },
      ),
    ),
  );
}

function figuresOf(
  waiting: readonly RunningDecidable[],
  labels: { cluster: string; operation: string },
): Figure[] {
  const opened = waiting
    .map(({ status }) => Date.parse(status?.approval?.openedAt ?? '') / 1000)
    .filter((at) => !Number.isNaN(at));
  return [
    { name: 'holdfast_approvals_waiting', labels, value: waiting.length },
    ...(opened.length === 0
      ? []
      : [
          {
            name: 'holdfast_approvals_oldest_timestamp_seconds' as const,
            labels,
            value: Math.min(...opened),
          },
        ]),
  ];
}
