import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { Alert } from '../src/domain/contracts.js';
import { alertUntilDeliveredOptions } from './activity-options.js';

const { sendAlert } = proxyActivities<Activities>(alertUntilDeliveredOptions);

/** Delivers one alert however long its endpoint is down, without holding up the operation it tells of. */
export async function deliverAlert(alert: Alert): Promise<void> {
  await sendAlert(alert);
}
