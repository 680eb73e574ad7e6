import { HoldfastError } from '../domain/errors.js';
import {
  type ScheduleKind,
  scheduleId,
  scheduleIdPrefix,
  scheduleKinds,
} from '../domain/schedule-contracts.js';
import { findTemporal, type TemporalPlace } from '../temporal/connection.js';
import type { CommandContext } from './context.js';

/**
 * Does something with the Temporal server that keeps the schedules.
 *
 * @throws HoldfastError `TemporalUnreachable` where there is none but one that would end with this command
 */
export async function withScheduler<T>(
  context: CommandContext,
  act: (place: TemporalPlace) => Promise<T>,
): Promise<T> {
  const place = await findTemporal({ ...context.temporalOptions, lasting: true });
  try {
    return await act(place);
  } finally {
    await place.close();
  }
}

/**
 * The id that a person means: `full`, `orders/full`, `orders/full/shop`, or as listed.
 *
 * @throws HoldfastError `ConfigurationInvalid`
 */
export function scheduleNamed(name: string): string {
  const rest = name.startsWith(scheduleIdPrefix) ? name.slice(scheduleIdPrefix.length) : name;
  const [first = '', second, ...database] = rest.split('/');
  const isKind = (text: string | undefined): text is ScheduleKind =>
    scheduleKinds.some((kind) => kind === text);
  if (second === undefined && isKind(first)) return scheduleId('default', first);
  if (isKind(second) && first !== '') return [`${scheduleIdPrefix}${first}`, second, ...database].join('/');
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `find schedule "${name}"`,
    cause: `it is none of CLUSTER/KIND, where KIND is ${scheduleKinds.join(', ')}`,
    remedy: 'see `holdfast schedule list`',
  });
}

/** How it is called among people: its id without what all have in common. */
export function shortName(id: string): string {
  return id.slice(scheduleIdPrefix.length);
}
