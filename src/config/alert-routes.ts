import type { AlertRoute } from '../domain/alert-routes.js';
import type { Config } from './config.js';
import { defined } from './layers.js';
import { nearest } from './nearest.js';
import type { Problem } from './problem.js';
import type { FileReading } from './read-file.js';

/** What is wrong with a route's names is known only when all else is. */
type Known = Pick<Config, 'alertEndpoint' | 'webhooks' | 'mail' | 'clusters'>;

export interface ResolvedRoutes {
  routes: AlertRoute[];
  /** By the path in holdfast.yaml. */
  origins: Record<string, string>;
  problems: Problem[];
}

/** Which alerts go where, as holdfast.yaml says; nothing else does. Its names are checked where nothing they name is wrong. */
export function resolveRoutes(file: FileReading, known: Known): ResolvedRoutes {
  const channels = channelNames(known);
  const clusters = Object.keys(known.clusters);
  const resolved: ResolvedRoutes = { routes: [], origins: {}, problems: doubled(file, known) };
  for (const [index, route] of (file.settings.alerts?.routes ?? []).entries()) {
    const place = ['alerts', 'routes', index];
    resolved.origins[place.join('.')] = file.originOf(place);
    for (const key of ['channels', 'clusters', 'databases', 'types'])
      resolved.origins[[...place, key].join('.')] = file.originOf([...place, key]);
    const check = (key: 'channels' | 'clusters', names: readonly string[]) => {
      for (const [position, name] of (route[key] ?? []).entries())
        if (!names.includes(name))
          resolved.problems.push(unknown(file, [...place, key, position], name, names));
    };
    check('channels', channels);
    check('clusters', clusters);
    resolved.routes.push(defined(route) as AlertRoute);
  }
  return resolved;
}

/** The channels that there are, as routes call them. */
function channelNames({ alertEndpoint, webhooks, mail }: Omit<Known, 'clusters'>): string[] {
  return [
    ...(alertEndpoint === undefined ? [] : ['endpoint']),
    ...webhooks.map(({ name }) => name),
    ...(mail ? ['mail'] : []),
  ];
}

function unknown(
  file: FileReading,
  place: readonly (string | number)[],
  value: string,
  names: readonly string[],
): Problem {
  const meant = nearest(value, names);
  const what = place.includes('channels') ? 'channel' : 'cluster';
  return {
    ...{ field: place.join('.'), value, origin: file.originOf(place) },
    complaint: `there is no such ${what}${meant ? `, did you mean ${meant}?` : ''}`,
    allowed: names.length > 0 ? names.join(', ') : 'none: no channel is set',
  };
}

function doubled(file: FileReading, { webhooks }: Known): Problem[] {
  return webhooks.flatMap(({ name }, index) => {
    if (webhooks.findIndex((each) => each.name === name) === index) return [];
    const place = ['alerts', 'webhooks', index, 'name'];
    const complaint = 'another webhook has that name';
    return [
      {
        field: place.join('.'),
        value: name,
        complaint,
        allowed: 'another one',
        origin: file.originOf(place),
      },
    ];
  });
}
