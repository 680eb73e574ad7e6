import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import {
  contactOptions,
  patientOptions,
  quickOptions,
  replayOptions,
  transferOptions,
} from './activity-options.js';

/** The steps on one host's queue, by the profile of timeouts and retries under which they run. */
export function hostSteps({
  hostQueue: taskQueue,
  stallTimeoutSeconds,
}: {
  hostQueue: string;
  stallTimeoutSeconds: number;
}) {
  return {
    contact: proxyActivities<Activities>({ ...contactOptions, taskQueue }),
    quick: proxyActivities<Activities>({ ...quickOptions, taskQueue }),
    patient: proxyActivities<Activities>({ ...patientOptions, taskQueue }),
    transfer: proxyActivities<Activities>({ ...transferOptions(stallTimeoutSeconds), taskQueue }),
    replay: proxyActivities<Activities>({ ...replayOptions, taskQueue }),
  };
}
