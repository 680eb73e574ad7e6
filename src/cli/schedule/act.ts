import type { Client } from '@temporalio/client';
import type { PresentSchedule } from '../../domain/schedule/plan.js';
import { eachOf } from '../../temporal/each-of.js';
import type { CommandContext } from '../context.js';
import { requesterName } from '../operation/requester.js';
import { printable } from '../output/format.js';
import { chosenSchedules, shortName, withScheduler } from './place.js';

export interface ScheduleChoice {
  /** Every schedule made of these settings. */
  all?: boolean;
}

/** What became of a schedule. */
interface Act {
  id: string;
  /** Whether it was another before. */
  changed: boolean;
  words: string;
}

type Doing = (client: Client, schedule: PresentSchedule) => Promise<Omit<Act, 'id'>>;

/** `holdfast schedule pause`: no more runs until it is resumed, also through `apply`. */
export function schedulePauseCommand(
  context: CommandContext,
  names: string[],
  { reason, ...choice }: ScheduleChoice & { reason?: string },
): Promise<number> {
  const note = [requesterName(), reason].filter(Boolean).join(': ');
  return actOnEach(context, names, choice, async (client, { id, paused, note: already }) => {
    if (paused) return { changed: false, words: `is paused already: ${already}` };
    await client.schedule.getHandle(id).pause(note);
    return { changed: true, words: 'paused' };
  });
}

/** `holdfast schedule resume`: runs again from the next time on at which it is due. */
export function scheduleResumeCommand(
  context: CommandContext,
  names: string[],
  choice: ScheduleChoice,
): Promise<number> {
  return actOnEach(context, names, choice, async (client, { id, paused, note }) => {
    if (!paused) return { changed: false, words: 'is not paused' };
    // An empty note would leave Temporal's own words there as if somebody had paused it.
    await client.schedule.getHandle(id).unpause(`resumed by ${requesterName()}`);
    return { changed: true, words: `resumed; it was paused by ${note}` };
  });
}

/** `holdfast schedule remove`: takes schedules away; what runs goes on. */
export function scheduleRemoveCommand(
  context: CommandContext,
  names: string[],
  choice: ScheduleChoice,
): Promise<number> {
  return actOnEach(context, names, choice, async (client, { id }) => {
    await client.schedule.getHandle(id).delete();
    return {
      changed: true,
      words: 'removed; `holdfast schedule apply` makes it again while it is configured',
    };
  });
}

function actOnEach(
  context: CommandContext,
  names: string[],
  choice: ScheduleChoice,
  doing: Doing,
): Promise<number> {
  const { config, output } = context;
  return withScheduler(context, async ({ client }) => {
    const chosen = await chosenSchedules(client, config, names, choice);
    const acts = await eachOf(chosen, async (schedule) => ({
      id: schedule.id,
      ...(await doing(client, schedule)),
    }));
    if (output.json) output.printJson(acts.map(({ id, changed }) => ({ id, changed })));
    else for (const { id, words } of acts) output.print(`${printable(shortName(id))}  ${printable(words)}`);
    return 0;
  });
}
