import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import {
  contactWithin,
  patientOptions,
  publishOptions,
  quickOptions,
  replayOptions,
  transferOptions,
} from './activity-options.js';

export interface HostOptions {
  hostQueue: string;
  stallTimeoutSeconds: number;
  /** How long the first step may wait for a worker. @defaultValue as `contactOptions` have it */
  unservedAfterSeconds?: number;
}

/** The steps on one host's queue, by the profile of timeouts and retries under which they run. */
export function hostSteps({ hostQueue: taskQueue, stallTimeoutSeconds, unservedAfterSeconds }: HostOptions) {
  return {
    contact: proxyActivities<Activities>({ ...contactWithin(unservedAfterSeconds), taskQueue }),
    quick: proxyActivities<Activities>({ ...quickOptions, taskQueue }),
    patient: proxyActivities<Activities>({ ...patientOptions, taskQueue }),
    transfer: proxyActivities<Activities>({ ...transferOptions(stallTimeoutSeconds), taskQueue }),
    publish: proxyActivities<Activities>({ ...publishOptions, taskQueue }),
    replay: proxyActivities<Activities>({ ...replayOptions, taskQueue }),
  };
}

export type HostSteps = ReturnType<typeof hostSteps>;
