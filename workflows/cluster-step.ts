import { workflowInfo } from '@temporalio/workflow';
import type { ClusterStep } from '../activities/cluster-step.js';

/** What every step of a run on a whole cluster is given. */
export function clusterStepOf(
  { cluster, place }: { cluster: string; place?: string },
  startedAt = workflowInfo().startTime.toISOString(),
): ClusterStep {
  return { cluster, startedAt, ...(place !== undefined && { place }) };
}
