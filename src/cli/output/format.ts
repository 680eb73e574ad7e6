import { bytes } from '../../domain/sizes.js';

export { bytes } from '../../domain/sizes.js';
export { printable } from '../../log/printable.js';

/** `12 MB/s`. */
export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

const steps = [
  { letter: 'd', seconds: 86_400 },
  { letter: 'h', seconds: 3600 },
  { letter: 'm', seconds: 60 },
  { letter: 's', seconds: 1 },
] as const;

/** The two greatest units of a length of time: `0.4s`, `12s`, `1m 12s`, `2h 5m`, `3d 4h`. */
export function duration(seconds: number): string {
  const length = Math.max(0, seconds);
  if (length > 0 && length < 9.95) return `${Number(length.toFixed(1))}s`;
  let rest = Math.round(length);
  const greatest = steps.findIndex((step) => rest >= step.seconds);
  const parts = steps
    .slice(Math.max(0, greatest))
    .slice(0, 2)
    .map(({ letter, seconds: one }) => {
      const count = Math.floor(rest / one);
      rest -= count * one;
      return { letter, count };
    });
  const shown = greatest < 0 ? [{ letter: 's', count: 0 }] : parts.filter(({ count }) => count > 0);
  return shown.map(({ letter, count }) => `${count}${letter}`).join(' ');
}

/** How long ago an ISO 8601 time was, in its greatest unit: `3h ago`; `in 2d` for one that is still to come. */
export function age(time: string, now: Date = new Date()): string {
  const seconds = (now.getTime() - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return 'unknown';
  const length = Math.abs(seconds);
  const step = steps.find(({ seconds: one }) => length >= one);
  if (!step || length < 5) return 'just now';
  const words = `${Math.floor(length / step.seconds)}${step.letter}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

/** A number of things: `1 table`, `1,204 rows`. */
export function counted(number: number, thing: string): string {
  return `${count(number)} ${thing}${number === 1 ? '' : 's'}`;
}

/** A whole number with its thousands apart, the same in every locale: `1,234,567`. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** A time that was: `2026-11-23 06:33:12 UTC`. */
export function instant(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

/** A time to come, and how long it is until then: `2026-11-23 06:33 UTC (in 1d)`. */
export function moment(time: string, now: Date = new Date()): string {
  const minutes = Math.round((Date.parse(time) - now.getTime()) / 60_000);
  const left = minutes > 0 ? `in ${duration(minutes * 60)}` : 'now';
  return `${time.slice(0, 16).replace('T', ' ')} UTC (${left})`;
}

/** A name as a shell takes it for one word. */
export function shellWord(name: string): string {
  return /^[\w./~-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
