import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import {
  type Contact,
  contactOptions,
  patientOptions,
  publishOptions,
  quickOptions,
  replayOptions,
  transferOptions,
} from './activity-options.js';

/** As a workflow's input has them; `isScheduled` is added to it by a schedule's run. */
export interface HostOptions extends Contact {
  hostQueue: string;
  stallTimeoutSeconds: number;
}

/** The steps on one host's queue, by the profile of timeouts and retries under which they run. */
export function hostSteps({ hostQueue: taskQueue, stallTimeoutSeconds, ...contact }: HostOptions) {
  return {
    contact: proxyActivities<Activities>({ ...contactOptions(contact), taskQueue }),
    quick: proxyActivities<Activities>({ ...quickOptions, taskQueue }),
    patient: proxyActivities<Activities>({ ...patientOptions, taskQueue }),
    transfer: proxyActivities<Activities>({ ...transferOptions(stallTimeoutSeconds), taskQueue }),
    publish: proxyActivities<Activities>({ ...publishOptions, taskQueue }),
    replay: proxyActivities<Activities>({ ...replayOptions, taskQueue }),
  };
}

export type HostSteps = ReturnType<typeof hostSteps>;
