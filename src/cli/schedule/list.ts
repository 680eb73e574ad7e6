import { type ListedSchedule, listSchedules } from '../../temporal/schedules/list.js';
import { ownerOf } from '../../temporal/schedules/read.js';
import type { CommandContext } from '../context.js';
import { age, moment, printable } from '../output/format.js';
import { renderTable } from '../output/table.js';
import { shortName, withScheduler } from './place.js';

export interface ScheduleListOptions {
  all?: boolean;
}

/** `holdfast schedule list`: when each is due, and how its last run ended. */
export async function scheduleListCommand(
  context: CommandContext,
  { all }: ScheduleListOptions,
): Promise<number> {
  const { config, output } = context;
  const owner = all === true ? undefined : ownerOf(config);
  const schedules = await withScheduler(context, ({ client }) => listSchedules(client, owner));
  if (output.json) output.printJson(schedules);
  else if (schedules.length === 0) output.print('nothing is scheduled; `holdfast schedule apply` does that');
  else
    output.print(
      renderTable(['SCHEDULE', 'CRON', 'ZONE', 'NEXT', 'LAST', 'OUTCOME'], schedules.map(row), {}),
    );
  return 0;
}

function row({ id, cron, timeZone: zone, paused, note, next, last }: ListedSchedule): string[] {
  const pause = `paused${note === '' ? '' : `: ${printable(note)}`}`;
  return [
    ...[printable(shortName(id)), printable(cron), printable(zone)],
    paused ? pause : next === null ? 'never' : moment(next),
    last ? age(last.begun) : '-',
    last ? printable(last.outcome) : '-',
  ];
}
