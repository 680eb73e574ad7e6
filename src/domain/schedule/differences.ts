import { duration } from '../durations.js';
import { canonicalJson } from '../restore/evidence.js';
import type { ScheduleShape } from './shape.js';

/** One thing that is to be another. */
export interface Difference {
  what: string;
  from: string;
  to: string;
}

/** In what a schedule is another than it is to be, in words for people. */
export function differences(is: ScheduleShape, willBe: ScheduleShape): Difference[] {
  const [before, after] = [tellable(is), tellable(willBe)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const told = names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ what: name, from: before[name] ?? 'none', to: after[name] ?? 'none' }));
  const sameTimes = canonicalJson(is.times) === canonicalJson(willBe.times);
  const timesTold = told.some(({ what }) => what === 'cron' || what === 'time zone');
  if (sameTimes || timesTold) return told;
  return [
    ...told,
    { what: 'times', from: 'others, or clock changes not known yet', to: 'those of its cron' },
  ];
}

function tellable({ input, times: _, jitterSeconds, catchUpSeconds, ...plain }: ScheduleShape) {
  const { due, ...rest } = (input ?? {}) as Record<string, unknown>;
  const { cron, timeZone } = (due ?? {}) as Record<string, unknown>;
  return {
    ...(cron !== undefined && { cron: String(cron) }),
    ...(timeZone !== undefined && { 'time zone': String(timeZone) }),
    jitter: duration(jitterSeconds),
    'catch-up': duration(catchUpSeconds),
    ...flattened('', plain),
    ...flattened('', rest),
  } as Record<string, string>;
}

/** `operation.input.parallel`: 2. */
function flattened(prefix: string, value: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const isMap = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isMap
      ? Object.entries(flattened(name, inner as Record<string, unknown>))
      : [[name, typeof inner === 'string' ? inner : JSON.stringify(inner)] as const];
  });
  return Object.fromEntries(entries);
}
