import { HoldfastError } from '../domain/errors.js';

const written = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/i;

const unitMs: Record<string, number> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** `10 minutes ago`; undefined for what is no such time. */
export function relativeTime(text: string, now: Date): Date | undefined {
  const [, number, unit = ''] = /^(\d{1,6})\s*(second|minute|hour|day)s?\s+ago$/i.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  return new Date(now.getTime() - Number(number) * (unitMs[unit.toLowerCase()] ?? 0));
}

/**
 * A moment given on the command line. On the day of a clock change a time without its offset may be two, or none.
 *
 * @throws HoldfastError `ConfigurationInvalid`
 */
export function parseInstant(text: string, option: string): Date {
  const date = new Date(text.trim().replace(' ', 'T'));
  if (written.test(text.trim()) && !Number.isNaN(date.getTime())) return date;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `read ${option}`,
    cause: `${JSON.stringify(text)} is no time with its UTC offset`,
    remedy: 'write it as in 2026-01-02T02:00:00Z or "2026-01-02 02:00+01:00"',
  });
}
