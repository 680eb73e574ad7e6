import type {
  CalendarSpec,
  CalendarSpecDescription,
  ScheduleSpec,
  ScheduleSpecDescription,
} from '@temporalio/client';
import type { DueCalendar, DueTimes } from '../../domain/schedule/due-times.js';

const months = [
  ...['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE'],
  ...['JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'],
] as const;
const days = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

/** Due times as Temporal's client takes them. */
export function specOf({ timeZone, calendars, skip }: DueTimes, jitterSeconds: number): ScheduleSpec {
  return {
    timezone: timeZone,
    calendars: calendars.map(calendarOf),
    skip: skip.map(calendarOf),
    ...(jitterSeconds > 0 && { jitter: jitterSeconds * 1000 }),
  };
}

function calendarOf(due: DueCalendar): CalendarSpec {
  return {
    ...{ second: rangesOf(due.second), minute: rangesOf(due.minute), hour: rangesOf(due.hour) },
    dayOfMonth: rangesOf(due.dayOfMonth),
    month: rangesOf(due.month).map((range) => namedRange(range, months, 1)),
    dayOfWeek: rangesOf(due.dayOfWeek).map((range) => namedRange(range, days, 0)),
    ...(due.year.length > 0 && { year: rangesOf(due.year) }),
  };
}

interface NumberRange {
  start: number;
  end: number;
}

/** Ascending values as ranges, as few as there can be without steps. */
function rangesOf(values: readonly number[]): NumberRange[] {
  const ranges: NumberRange[] = [];
  for (const value of values) {
    const last = ranges.at(-1);
    if (last?.end === value - 1) last.end = value;
    else ranges.push({ start: value, end: value });
  }
  return ranges;
}

function namedRange<Name>({ start, end }: NumberRange, names: readonly Name[], first: number) {
  return { start: names[start - first] as Name, end: names[end - first] as Name };
}

/** What of a schedule's times Holdfast never sets: somebody else did. */
export function hasForeignTimes({ intervals, startAt, endAt }: ScheduleSpecDescription): boolean {
  return (intervals ?? []).length > 0 || startAt !== undefined || endAt !== undefined;
}

/** Due times as Temporal tells them. */
export function dueTimesOf({ timezone, calendars, skip }: ScheduleSpecDescription): DueTimes {
  return {
    timeZone: timezone ?? 'UTC',
    calendars: (calendars ?? []).map(dueOf),
    skip: (skip ?? []).map(dueOf),
  };
}

function dueOf(told: CalendarSpecDescription): DueCalendar {
  return {
    ...{ second: valuesOf(told.second), minute: valuesOf(told.minute), hour: valuesOf(told.hour) },
    dayOfMonth: valuesOf(told.dayOfMonth),
    month: valuesOf(numbered(told.month, months, 1)),
    dayOfWeek: valuesOf(numbered(told.dayOfWeek, days, 0)),
    year: valuesOf(told.year),
  };
}

function numbered<Name>(
  ranges: readonly { start: Name; end: Name; step: number }[],
  names: readonly Name[],
  first: number,
) {
  const number = (name: Name) => names.indexOf(name) + first;
  return ranges.map(({ start, end, step }) => ({ start: number(start), end: number(end), step }));
}

function valuesOf(ranges: readonly { start: number; end: number; step: number }[]): number[] {
  const values = ranges.flatMap(({ start, end, step }) =>
    Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step),
  );
  return [...new Set(values)].sort((a, b) => a - b);
}
