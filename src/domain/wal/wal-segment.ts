import { type Lsn, lsnOf } from './wal-position.js';

const mebibyte = 1024 * 1024;

/** What `initdb --wal-segsize` can give: powers of two from 1 MB to 1 GB. */
export const segmentSizes: readonly number[] = Array.from(
  { length: 11 },
  (_, power) => mebibyte * 2 ** power,
);

/** A segment: the `number`-th piece (from 0) of the write-ahead log, as `timeline` has it. */
export interface Segment {
  timeline: number;
  number: number;
}

/** Bytes that share the middle eight digits of a segment's name. */
const logFileBytes = 2 ** 32;

/** Names of one log file's segments end in numbers below this. */
function segmentsPerLogFile(segmentSizeBytes: number): number {
  if (segmentSizes.includes(segmentSizeBytes)) return logFileBytes / segmentSizeBytes;
  throw new RangeError(`${segmentSizeBytes} bytes is no size of WAL segments`);
}

/** A segment's file name, 24 hexadecimal digits, as XLogFileName() of PostgreSQL makes it. */
export function segmentName({ timeline, number }: Segment, segmentSizeBytes: number): string {
  const perLogFile = segmentsPerLogFile(segmentSizeBytes);
  return [timeline, Math.floor(number / perLogFile), number % perLogFile].map(eightDigits).join('');
}

/** The segment that a file name stands for; undefined when no server with that segment size writes such a name. */
export function parseSegmentName(name: string, segmentSizeBytes: number): Segment | undefined {
  const perLogFile = segmentsPerLogFile(segmentSizeBytes);
  if (!/^[0-9A-F]{24}$/.test(name)) return undefined;
  const [timeline = 0, logFile = 0, rest = 0] = [0, 8, 16].map((at) =>
    Number.parseInt(name.slice(at, at + 8), 16),
  );
  if (timeline === 0 || rest >= perLogFile) return undefined;
  return { timeline, number: logFile * perLogFile + rest };
}

/** The segment after this one, on the same timeline. */
export function nextSegment({ timeline, number }: Segment): Segment {
  return { timeline, number: number + 1 };
}

/** Orders segments by timeline, then by number. */
export function compareSegments(a: Segment, b: Segment): number {
  return a.timeline - b.timeline || a.number - b.number;
}

/** Number of the segment that holds the byte at `lsn`. */
export function segmentNumberOf(lsn: Lsn, segmentSizeBytes: number): number {
  segmentsPerLogFile(segmentSizeBytes);
  return Number(lsn / BigInt(segmentSizeBytes));
}

/**
 * Number of the segment that holds the byte before `lsn`: an end of something, such as `pg_switch_wal()` tells, is
 * that of the first byte after it.
 */
export function lastSegmentNumberBefore(lsn: Lsn, segmentSizeBytes: number): number {
  return lsn === 0n ? 0 : segmentNumberOf(lsnOf(lsn - 1n), segmentSizeBytes);
}

/** Position of a segment's first byte. */
export function segmentStart(number: number, segmentSizeBytes: number): Lsn {
  return lsnOf(BigInt(number) * BigInt(segmentSizeBytes));
}

function eightDigits(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}
