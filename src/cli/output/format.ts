import { duration, durationSteps } from '../../domain/durations.js';
import { bytes } from '../../domain/sizes.js';

export { count, counted } from '../../domain/counts.js';
export { duration } from '../../domain/durations.js';
export { shellWord } from '../../domain/shell-word.js';
export { bytes } from '../../domain/sizes.js';
export { printable } from '../../log/printable.js';

/** `12 MB/s`. */
export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

/** How long ago an ISO 8601 time was, in its greatest unit: `3h ago`; `in 2d` for one that is still to come. */
export function age(time: string, now: Date = new Date()): string {
  const seconds = (now.getTime() - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return 'unknown';
  const length = Math.abs(seconds);
  const step = durationSteps.find(({ seconds: one }) => length >= one);
  if (!step || length < 5) return 'just now';
  const words = `${Math.floor(length / step.seconds)}${step.letter}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
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
