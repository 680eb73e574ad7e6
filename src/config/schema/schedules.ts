import { Cron } from 'croner';
import * as z from 'zod';
import { cronAlphabet } from '../../domain/schedule/cron.js';
import { optional, section, text, whole, yesOrNo } from './parts.js';

const cronAllowed = 'five fields as in a crontab (minute, hour, day, month, weekday), or @daily and its kin';

/** When something is due, as a crontab says it. */
const cron = z
  .string({ error: cronAllowed })
  .superRefine(refuseOthers(cronAllowed))
  .describe('When it is due: five fields as in a crontab, or @daily and its kin.');

/** The same in a variable, which can also switch it off. */
export const cronOrOff = z.string().superRefine((text, context) => {
  if (text !== 'off') refuseOthers(`off, or ${cronAllowed}`)(text, context);
});

function refuseOthers(allowed: string) {
  return (expression: string, context: z.RefinementCtx) => {
    const complaint = cronComplaint(expression);
    if (complaint === undefined) return;
    context.addIssue({ code: 'custom', message: complaint === '' ? allowed : `${allowed}: ${complaint}` });
  };
}

/** What is wrong with a cron expression; undefined: nothing; empty where what is allowed says it. */
export function cronComplaint(expression: string): string | undefined {
  const trimmed = expression.trim();
  if (!cronAlphabet.test(trimmed)) return '';
  try {
    const parsed = new Cron(trimmed, { mode: '5-part', paused: true, timezone: 'UTC' });
    return parsed.nextRun() === null ? 'there is no such day' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
  }
}

/** A time zone by its name in the IANA database. */
export const timeZone = text('a time zone, such as UTC or Europe/Berlin')
  .refine(isTimeZone, { error: 'a time zone, such as UTC or Europe/Berlin' })
  .describe('Time zone that the times of schedules are told in. Default: UTC.');

/** Whether a time zone has that name; an offset such as +02:00 is none. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

const jitterSeconds = whole(0, 86_400).describe(
  'Seconds over which starts are spread, so that a fleet does not start at once. Default: full 900, wal 120, monitor 60, drill 3600.',
);

const catchUpMinutes = whole(1, 43_200).describe(
  'Minutes for which a start that was missed, while Temporal was down, is made up for. Default: 60.',
);

const enabled = yesOrNo.describe('Whether it is done by schedule. Default: true.');

const when = { timeZone, jitterSeconds, catchUpMinutes };

const kind = (words: string, usual: string) =>
  optional({ cron, enabled, ...when }).describe(`${words}. Default: ${usual}.`);

/** What is done by schedule, for all clusters or one. */
export const schedules = optional({
  ...{ timeZone, catchUpMinutes },
  enabled: yesOrNo.describe('false: nothing of this is done by schedule.'),
  full: kind('Full backups of every database', '0 2 * * *'),
  wal: optional({
    cron,
    enabled: z
      .union([z.boolean(), z.literal('auto')], { error: 'true, false or auto' })
      .describe('Default: auto, where the repository has an archive of WAL when schedules are applied.'),
    ...when,
  }).describe('WAL cycles. Default: 5 * * * *.'),
  monitor: kind('Looks at the backups', '*/15 * * * *'),
  drill: kind('Restore drills', '0 4 1 * *'),
}).describe('What `holdfast schedule apply` schedules.');

export type SchedulesFileSettings = z.infer<typeof schedules>;

/** What one database has besides its cluster's. */
export const databaseSchedules = optional({
  full: section({ cron, ...optional({ enabled, ...when }).shape }).describe(
    'Full backups of this database, besides those of the whole cluster.',
  ),
}).describe('What is done by schedule for this database alone.');

export type DatabaseSchedulesFileSettings = z.infer<typeof databaseSchedules>;
