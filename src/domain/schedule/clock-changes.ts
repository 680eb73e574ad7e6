import { dayMs } from '../durations.js';
/** A change of the clocks of a time zone, such as to summer time. */
export interface ClockChange {
  /** Whether clocks leave out a span of time, or show it twice. */
  kind: 'left out' | 'twice';
  /** The span, as clocks on the wall show it, written as if that were UTC: its beginning, and the first moment after it. */
  fromWallMs: number;
  toWallMs: number;
}

/** Asking costs; nobody changes clocks there and back within it. */
const stepMs = 7 * dayMs;

const known = new Map<string, ClockChange[]>();

/** The changes of the clocks of a time zone between two moments. */
export function clockChanges(timeZone: string, fromMs: number, toMs: number): ClockChange[] {
  const key = `${timeZone} ${fromMs} ${toMs}`;
  const changes = known.get(key) ?? findChanges(offsetTeller(timeZone), fromMs, toMs);
  known.set(key, changes);
  return changes;
}

function findChanges(offsetMs: (atMs: number) => number, fromMs: number, toMs: number): ClockChange[] {
  const changes: ClockChange[] = [];
  let was = offsetMs(fromMs);
  for (let before = fromMs; before < toMs; before += stepMs) {
    const after = Math.min(before + stepMs, toMs);
    const is = offsetMs(after);
    if (was !== is) changes.push(changeAt(momentOfChange(offsetMs, before, after), was, is));
    was = is;
  }
  return changes;
}

/** By how much the clocks of a time zone are ahead of UTC. */
export function zoneOffsetMs(timeZone: string, atMs: number): number {
  return offsetTeller(timeZone)(atMs);
}

function changeAt(moment: number, wasMs: number, isMs: number): ClockChange {
  const [first, second] = [moment + wasMs, moment + isMs];
  return first < second
    ? { kind: 'left out', fromWallMs: first, toWallMs: second }
    : { kind: 'twice', fromWallMs: second, toWallMs: first };
}

/** The first second of the new offset. */
function momentOfChange(offsetMs: (atMs: number) => number, from: number, to: number): number {
  const is = offsetMs(to);
  let [before, after] = [from, to];
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000;
    if (offsetMs(middle) === is) after = middle;
    else before = middle;
  }
  return after;
}

function offsetTeller(timeZone: string): (atMs: number) => number {
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ ...numeric, minute: 'numeric', second: 'numeric' },
    ...{ timeZone, hourCycle: 'h23', era: 'short' },
  });
  return (atMs) => {
    const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const [year, month, day] = [Number(part.year), Number(part.month), Number(part.day)];
    const [hour, minute, second] = [Number(part.hour), Number(part.minute), Number(part.second)];
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
  };
}
