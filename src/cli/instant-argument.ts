import { HoldfastError } from '../domain/errors.js';

const written = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/i;

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
