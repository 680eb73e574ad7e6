import { parseTimestamp } from '../domain/backup/names.js';
import { hourMs } from '../domain/durations.js';

const quarterHourMs = 15 * 60 * 1000;
/** By so much the time in a script's name may differ from when it ran. */
export const widestOffsetMs = 14 * hourMs;
const clockToleranceMs = 2 * 60 * 1000;

/**
 * When a backup of a shell script was taken. Its timestamp may be local time of a place nobody wrote down, but
 * its file was last written when it ended: where the two differ by what an offset from UTC can be, that is the
 * offset; where not (the file was copied since), the timestamp is taken as UTC.
 */
export function takenAtOfScript(timestamp: string, lastWritten: Date, durationSeconds: number): Date {
  const named = parseTimestamp(timestamp) ?? lastWritten;
  const ahead = named.getTime() - (lastWritten.getTime() - durationSeconds * 1000);
  const offset = Math.round(ahead / quarterHourMs) * quarterHourMs;
  const isOffset = Math.abs(offset) <= widestOffsetMs && Math.abs(ahead - offset) <= clockToleranceMs;
  return isOffset ? new Date(named.getTime() - offset) : named;
}
