import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import {
  type ScheduleKind,
  scheduleId,
  scheduleIdPrefix,
  scheduleKinds,
} from '../../domain/schedule/contracts.js';
import type { PresentSchedule } from '../../domain/schedule/plan.js';
import { findTemporal, type TemporalPlace } from '../../temporal/connection.js';
import { eachOf } from '../../temporal/each-of.js';
import { describeSchedule, ownerOf, presentOf, presentSchedules } from '../../temporal/schedules/read.js';
import type { CommandContext } from '../context.js';

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
function scheduleNamed(name: string): string {
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

/**
 * The schedules that a person means: by name, or all that are made of these settings.
 *
 * @throws HoldfastError `ConfigurationInvalid` where one is not there, or was made by others
 */
export async function chosenSchedules(
  client: Client,
  config: Config,
  names: readonly string[],
  { all = false }: { all?: boolean },
): Promise<PresentSchedule[]> {
  if (names.length > 0 === all) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'choose schedules',
      cause: all ? 'names and --all exclude each other' : 'none was named',
      remedy: 'name some as in `holdfast schedule list`, or give --all',
    });
  }
  const owner = ownerOf(config);
  if (all) return (await presentSchedules(client)).filter((each) => each.owner === owner);
  const ids = [...new Set(names.map(scheduleNamed))];
  const found = await eachOf(ids, async (id) => ({ id, description: await describeSchedule(client, id) }));
  return found.map(({ id, description }) => {
    const present = description && presentOf(description);
    if (present?.owner === owner) return present;
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: `find schedule ${shortName(id)}`,
      cause: present ? `it was made of the settings of ${present.owner ?? 'somebody else'}` : 'there is none',
      remedy: 'see `holdfast schedule list --all`; `holdfast schedule apply` makes those that are configured',
    });
  });
}

/** How it is called among people: its id without what all have in common. */
export function shortName(id: string): string {
  return id.slice(scheduleIdPrefix.length);
}
