import { type ClockChange, clockChanges, zoneOffsetMs } from './clock-changes.js';
import { type CronFields, cronFields, isDueAt, isEveryHour } from './cron.js';

/** Moments as clocks show them: each field's allowed values. All fields must agree. */
export interface DueCalendar {
  second: number[];
  minute: number[];
  hour: number[];
  dayOfMonth: number[];
  /** January is 1. */
  month: number[];
  /** Sunday is 0. */
  dayOfWeek: number[];
  /** Empty: every year. */
  year: number[];
}

/** When a schedule is due, in what Temporal's schedules are made of. */
export interface DueTimes {
  timeZone: string;
  calendars: DueCalendar[];
  /** What of these is left out. */
  skip: DueCalendar[];
}

/** An expression, and the time zone of the clock it is read by. */
export interface Due {
  cron: string;
  timeZone: string;
}

/** Years ahead for which clock changes are known to a schedule: whoever applies it again in time renews them. */
const yearsAhead = 5;

const minuteMs = 60_000;
const everyDayOfMonth = upTo(1, 31);
const everyDayOfWeek = upTo(0, 6);

/**
 * When an expression is due. Temporal itself leaves out what falls in an hour that clocks leave out, and takes what
 * falls in one that they show twice once or twice, by time zone: here it is due once, when that hour would have begun.
 * What is due in every hour is told by UTC, which has neither.
 */
export function dueTimes({ cron, timeZone }: Due, nowMs: number): DueTimes {
  const fields = cronFields(cron);
  const year = new Date(nowMs).getUTCFullYear();
  const [from, to] = [Date.UTC(year, 0, 1), Date.UTC(year + yearsAhead + 1, 0, 1)];
  const changes = clockChanges(timeZone, from, to);
  if (isEveryHour(fields) && changes.length > 0) return everyHour(fields, zoneOffsetMs(timeZone, from));
  const calendars = [...regular(fields), ...changes.flatMap((change) => onChange(fields, change))];
  return { timeZone, calendars, skip: changes.flatMap(shownTwice) };
}

/** By UTC the minutes are others, where a time zone is not whole hours away. */
function everyHour(fields: CronFields, offsetMs: number): DueTimes {
  const shift = Math.round(offsetMs / minuteMs);
  const minute = fields.minute.map((each) => (((each - shift) % 60) + 60) % 60).sort((a, b) => a - b);
  return { timeZone: 'UTC', calendars: regular({ ...fields, minute }), skip: [] };
}

function regular({ eitherDay, ...fields }: CronFields): DueCalendar[] {
  const all = { second: [0], ...fields, year: [] };
  if (!eitherDay) return [all];
  return [
    { ...all, dayOfWeek: everyDayOfWeek },
    { ...all, dayOfMonth: everyDayOfMonth },
  ];
}

/** After the span that is left out, or a second before the one that is shown twice. */
function onChange(fields: CronFields, { kind, fromWallMs, toWallMs }: ClockChange): DueCalendar[] {
  const isDue = minutes(fromWallMs, toWallMs).some((wallMs) => isDueAt(fields, wallMs));
  if (!isDue) return [];
  const wall = new Date(kind === 'left out' ? toWallMs : fromWallMs - 1000);
  return [
    {
      ...{ second: [wall.getUTCSeconds()], minute: [wall.getUTCMinutes()], hour: [wall.getUTCHours()] },
      ...dateOf(wall),
    },
  ];
}

/** All of a span that is shown twice, an hour each. */
function shownTwice({ kind, fromWallMs, toWallMs }: ClockChange): DueCalendar[] {
  if (kind === 'left out') return [];
  const hours = new Map<number, Date[]>();
  for (const wallMs of minutes(fromWallMs, toWallMs)) {
    const hour = Math.floor(wallMs / (60 * minuteMs));
    hours.set(hour, [...(hours.get(hour) ?? []), new Date(wallMs)]);
  }
  return [...hours.entries()].map(([hour, walls]) => {
    const beginning = new Date(hour * 60 * minuteMs);
    const minute = walls.map((wall) => wall.getUTCMinutes());
    return { second: upTo(0, 59), minute, hour: [beginning.getUTCHours()], ...dateOf(beginning) };
  });
}

function dateOf(wall: Date) {
  return {
    dayOfMonth: [wall.getUTCDate()],
    month: [wall.getUTCMonth() + 1],
    dayOfWeek: everyDayOfWeek,
    year: [wall.getUTCFullYear()],
  };
}

function minutes(fromMs: number, toMs: number): number[] {
  const count = Math.ceil((toMs - fromMs) / minuteMs);
  return Array.from({ length: count }, (_, index) => fromMs + index * minuteMs);
}

function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
