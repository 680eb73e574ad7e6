/** Milliseconds of an hour, and of a day of 24. */
export const hourMs = 60 * 60 * 1000;
export const dayMs = 24 * hourMs;

/** Whole seconds from an ISO 8601 time until now. */
export function secondsSince(time: string): number {
  return Math.round((Date.now() - Date.parse(time)) / 1000);
}

/** Units of time, the greatest first. */
export const durationSteps = [
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
  const greatest = durationSteps.findIndex((step) => rest >= step.seconds);
  const parts = durationSteps
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
