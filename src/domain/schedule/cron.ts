/** When a cron expression is due: the values that each field allows, ascending. */
export interface CronFields {
  minute: number[];
  hour: number[];
  dayOfMonth: number[];
  /** January is 1. */
  month: number[];
  /** Sunday is 0. */
  dayOfWeek: number[];
  /** Where both kinds of days are restricted, either is enough: cron's own rule. */
  eitherDay: boolean;
}

const nicknames: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const word = `(?:[\\d*,/-]|${[...months, ...days].join('|')})+`;

/** What a cron expression may be written with: what every cron understands. */
export const cronAlphabet = new RegExp(`^(?:@[a-z]+|${word}(?:[ \\t]+${word}){4})$`, 'i');

/** The five fields of an expression that is known to be right. */
export function cronFields(expression: string): CronFields {
  const text = expression.trim().toLowerCase();
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = (
    nicknames[text] ?? text
  ).split(/[ \t]+/);
  const weekdays = valuesOf(named(dayOfWeek, days, 0), 0, 7).map((day) => day % 7);
  return {
    minute: valuesOf(minute, 0, 59),
    hour: valuesOf(hour, 0, 23),
    dayOfMonth: valuesOf(dayOfMonth, 1, 31),
    month: valuesOf(named(month, months, 1), 1, 12),
    dayOfWeek: ascending(weekdays),
    eitherDay: dayOfMonth !== '*' && dayOfWeek !== '*',
  };
}

/** Whether it is due in every hour of every day, only the minutes being chosen. */
export function isEveryHour({ hour, dayOfMonth, month, dayOfWeek }: CronFields): boolean {
  return hour.length === 24 && dayOfMonth.length === 31 && month.length === 12 && dayOfWeek.length === 7;
}

/** Whether it is due in a minute, given as clocks on the wall show it, written as if that were UTC. */
export function isDueAt(fields: CronFields, wallMs: number): boolean {
  const wall = new Date(wallMs);
  const inMonth = fields.dayOfMonth.includes(wall.getUTCDate());
  const inWeek = fields.dayOfWeek.includes(wall.getUTCDay());
  return (
    fields.minute.includes(wall.getUTCMinutes()) &&
    fields.hour.includes(wall.getUTCHours()) &&
    fields.month.includes(wall.getUTCMonth() + 1) &&
    (fields.eitherDay ? inMonth || inWeek : inMonth && inWeek)
  );
}

function named(field: string, names: readonly string[], first: number): string {
  return field.replace(/[a-z]+/g, (name) => String(names.indexOf(name.slice(0, 3)) + first));
}

function valuesOf(field: string, least: number, most: number): number[] {
  const values = field.split(',').flatMap((part) => {
    const [range = '', step = '1'] = part.split('/');
    const [from = '', to = from] = range === '*' ? [String(least), String(most)] : range.split('-');
    const count = Math.floor((Number(to) - Number(from)) / Number(step)) + 1;
    return Array.from({ length: count }, (_, index) => Number(from) + index * Number(step));
  });
  return ascending(values);
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
