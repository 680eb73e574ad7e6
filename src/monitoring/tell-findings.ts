import { type AlertPlaces, keysFor } from '../alerting/channels.js';
import { Outbox } from '../alerting/outbox.js';
import type { Config } from '../config/config.js';
import { planAlerts } from '../domain/health/plan-alerts.js';
import type { TellableFinding } from '../domain/health/report.js';

export interface TellRequest {
  config: Pick<Config, 'host' | 'routes'> & AlertPlaces;
  /** See `monitoringFolder`. */
  folder: string;
  findings: readonly TellableFinding[];
  reminderHours: number;
  now: Date;
}

/** An alert that was told, for the log. */
export interface ToldAlert {
  message: string;
  isCritical: boolean;
}

/** Puts what has changed into the outbox, from where it is delivered. Told again, it tells nothing twice. */
export async function tellFindings(request: TellRequest): Promise<ToldAlert[]> {
  const { config, folder, findings, reminderHours, now } = request;
  return Outbox.open(folder, async (outbox) => {
    const { alerts, told } = planAlerts({ told: outbox.told, findings, now, reminderHours });
    outbox.told = told;
    const { host, routes } = config;
    outbox.enqueue(alerts, { host, channelsFor: (alert) => keysFor(alert, config, routes) });
    await outbox.store();
    return alerts.map(({ alert }) => ({
      message: `alert ${alert.type}${alert.database && ` of ${alert.database}`}: ${alert.message}`,
      isCritical: alert.priority === 'critical',
    }));
  });
}
