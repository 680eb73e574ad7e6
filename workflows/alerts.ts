import {
  CancellationScope,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { Alert } from '../src/domain/contracts.js';
import { alertOnceOptions } from './activity-options.js';
import { deliverAlert } from './deliver-alert.js';

const { sendAlert } = proxyActivities<Activities>(alertOnceOptions);

/**
 * Tries an alert once; one that could not be delivered goes on in a workflow of its own, so that none is lost.
 *
 * @returns whether it was delivered at once
 */
export async function alert(content: Omit<Alert, 'time' | 'host'>): Promise<boolean> {
  const complete: Alert = { ...content, host: '', time: new Date().toISOString() };
  return CancellationScope.nonCancellable(async () => {
    try {
      await sendAlert(complete);
      return true;
    } catch {
      await startChild(deliverAlert, {
        workflowId: `deliver-alert/${workflowInfo().runId}/${content.type}`,
        args: [complete],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `${content.type}: ${content.database}`,
      });
      return false;
    }
  });
}
