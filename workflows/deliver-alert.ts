import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { Alert } from '../src/domain/alert.js';
import { alertUntilDeliveredOptions } from './activity-options.js';

const { sendAlert, sendAlertTo } = proxyActivities<Activities>(alertUntilDeliveredOptions);

/**
 * Delivers one alert however long its endpoint is down, without holding up the operation it tells of.
 *
 * @param undelivered keys of the channels that have yet to take it; undefined where none was tried
 */
export async function deliverAlert(alert: Alert, undelivered?: string[]): Promise<void> {
  const channels = undelivered ?? (await sendAlert(alert)) ?? [];
  const ends = await Promise.allSettled(channels.map((channel) => sendAlertTo({ alert, channel })));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
