import { type Alert, type AlertPriority, type AlertType, alertPriorities, alertTypes } from './alert.js';

/** Which alerts go to some channels. What it does not say holds for all. */
export interface AlertRoute {
  channels: string[];
  clusters?: string[];
  /** Alerts of these databases; those of a whole cluster are of none. */
  databases?: string[];
  types?: AlertType[];
  /** The least urgent that are sent. */
  minimumPriority?: AlertPriority;
}

/** What routes look at. */
export type RoutedAlert = Pick<Alert, 'type' | 'priority' | 'database' | 'cluster' | 'ends'>;

/** The channels that an alert goes to. One that no route names takes everything; so nothing is lost by leaving one out. */
export function channelsFor(
  alert: RoutedAlert,
  channels: readonly string[],
  routes: readonly AlertRoute[],
): string[] {
  return channels.filter((channel) => {
    const own = routesOf(channel, routes);
    return own.length === 0 || own.some((route) => matches(route, alert));
  });
}

/** Whether some critical alert of a cluster or database goes nowhere. */
export function unheard(
  place: Pick<Alert, 'cluster' | 'database'>,
  channels: readonly string[],
  routes: readonly AlertRoute[],
): boolean {
  const worst = alertTypes.map((type) => ({ ...place, type, priority: 'critical' as const }));
  return worst.some((alert) => channelsFor(alert, channels, routes).length === 0);
}

/** What is said of a channel. */
function routesOf(channel: string, routes: readonly AlertRoute[]): AlertRoute[] {
  return routes.filter(({ channels }) => channels.includes(channel));
}

function matches({ clusters, databases, types, minimumPriority = 'info' }: AlertRoute, alert: RoutedAlert) {
  return (
    (clusters?.includes(alert.cluster) ?? true) &&
    (databases?.includes(alert.database) ?? true) &&
    (types?.includes(alert.type) ?? true) &&
    urgency(alert) >= alertPriorities.indexOf(minimumPriority)
  );
}

/** That it is over goes to those who were told that it was not. */
function urgency({ priority, ends = priority }: RoutedAlert): number {
  return Math.max(alertPriorities.indexOf(priority), alertPriorities.indexOf(ends));
}

/** A channel's routes in words, for people. */
export function describeRoutes(channel: string, routes: readonly AlertRoute[]): string {
  const own = routesOf(channel, routes);
  return own.length === 0 ? 'every alert' : own.map(describeRoute).join('; or ');
}

function describeRoute({ clusters, databases, types, minimumPriority }: AlertRoute): string {
  const parts = [
    types ? types.join(', ') : 'every alert',
    ...(databases ? [`of ${databases.length === 1 ? 'database' : 'databases'} ${databases.join(', ')}`] : []),
    ...(clusters ? [`of ${clusters.length === 1 ? 'cluster' : 'clusters'} ${clusters.join(', ')}`] : []),
    ...(minimumPriority ? [`from priority ${minimumPriority}`] : []),
  ];
  return parts.join(' ');
}
