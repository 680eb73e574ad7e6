import fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyName, parseArchivedName, parseWalName, walSuffix } from '../../../src/domain/wal/wal-file.js';
import { compareLsn, formatLsn, lsnOf, parseLsn } from '../../../src/domain/wal/wal-position.js';
import {
  compareSegments,
  lastSegmentNumberBefore,
  nextSegment,
  parseSegmentName,
  segmentName,
  segmentNumberOf,
  segmentSizes,
  segmentStart,
} from '../../../src/domain/wal/wal-segment.js';

const mb16 = 16 * 1024 * 1024;
const size = fc.constantFrom(...segmentSizes);
const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(lsnOf);
const timeline = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const at = (text: string) => parseLsn(text) ?? expect.fail(`${text} is a position`);

test('every position is read back from its text, in either case and with leading zeros', () => {
  fc.assert(
    fc.property(lsn, (position) => {
      const text = formatLsn(position);
      const padded = text.replace(/[^/]+/g, (half) => half.padStart(8, '0'));
      expect([text, text.toLowerCase(), padded].map(parseLsn)).toEqual([position, position, position]);
    }),
  );
});

test('positions are in the order of their bytes, not of their text', () => {
  fc.assert(
    fc.property(lsn, lsn, (a, b) => {
      expect(Math.sign(compareLsn(a, b))).toBe(Number(a > b) - Number(a < b));
    }),
  );
  expect(compareLsn(at('9/0'), at('10/0'))).toBeLessThan(0);
});

test.for(['', '0', '0/', '/0', '0/1/2', '123456789/0', '0/123456789', 'G/0', ' 0/0', '-1/0'])(
  '%j is no position',
  (text) => {
    expect(parseLsn(text)).toBeUndefined();
  },
);

test('every segment is read back from its name, for any segment size', () => {
  fc.assert(
    fc.property(size, timeline, lsn, (sizeBytes, onTimeline, position) => {
      const segment = { timeline: onTimeline, number: segmentNumberOf(position, sizeBytes) };
      const name = segmentName(segment, sizeBytes);
      expect(name).toMatch(/^[0-9A-F]{24}$/);
      expect(parseSegmentName(name, sizeBytes)).toEqual(segment);
    }),
  );
});

test('a position lies in its segment and not in the next one', () => {
  fc.assert(
    fc.property(size, lsn, (sizeBytes, position) => {
      const number = segmentNumberOf(position, sizeBytes);
      expect(segmentStart(number, sizeBytes) <= position).toBe(true);
      expect(position - segmentStart(number, sizeBytes) < BigInt(sizeBytes)).toBe(true);
    }),
  );
});

test('the end of a segment belongs to it as an end, and to the next one as a beginning', () => {
  fc.assert(
    fc.property(size, fc.integer({ min: 1, max: 100_000 }), (sizeBytes, number) => {
      const boundary = segmentStart(number, sizeBytes);
      expect(segmentNumberOf(boundary, sizeBytes)).toBe(number);
      expect(lastSegmentNumberBefore(boundary, sizeBytes)).toBe(number - 1);
      expect(lastSegmentNumberBefore(lsnOf(boundary + 1n), sizeBytes)).toBe(number);
    }),
  );
  expect(lastSegmentNumberBefore(lsnOf(0n), mb16)).toBe(0);
});

test('names of a timeline sort as its segments do', () => {
  fc.assert(
    fc.property(size, timeline, lsn, lsn, (sizeBytes, onTimeline, a, b) => {
      const [one, other] = [a, b].map((position) => ({
        timeline: onTimeline,
        number: segmentNumberOf(position, sizeBytes),
      })) as [{ timeline: number; number: number }, { timeline: number; number: number }];
      const [name, otherName] = [segmentName(one, sizeBytes), segmentName(other, sizeBytes)];
      expect(Math.sign(compareSegments(one, other))).toBe(
        Number(name > otherName) - Number(name < otherName),
      );
    }),
  );
});

test.for([
  [mb16, '0000000100000000000000FF', '000000010000000100000000'],
  [1024 * 1024, '000000010000000000000FFF', '000000010000000100000000'],
  [1024 ** 3, '0000000A0000000000000003', '0000000A0000000100000000'],
  [mb16, '000000010000000000000009', '00000001000000000000000A'],
] as const)('with segments of %d bytes, %s is followed by %s', ([sizeBytes, name, next]) => {
  const segment = parseSegmentName(name, sizeBytes);
  expect(segment && segmentName(nextSegment(segment), sizeBytes)).toBe(next);
});

test.for([
  ['000000010000000000000100', 'segments of 16 MB end at FF'],
  ['000000000000000000000001', 'timelines begin at 1'],
  ['00000001000000000000000', 'a digit is missing'],
  ['00000001000000000000000a', 'PostgreSQL writes capitals'],
  ['00000001000000000000000G', 'G is no digit'],
])('%s is no segment: %s', ([name]) => {
  expect(parseSegmentName(name ?? '', mb16)).toBeUndefined();
});

test.for([0, 1, mb16 - 1, 512 * 1024, 2 ** 31])('%d bytes is refused as a segment size', (sizeBytes) => {
  expect(() => segmentName({ timeline: 1, number: 1 }, sizeBytes)).toThrow(RangeError);
});

test('what a server hands to its archive command is told apart, compressed or not', () => {
  const segment = { timeline: 2, number: 3 };
  const name = '000000020000000000000003';
  for (const [file, expected] of [
    [name, { kind: 'segment', segment }],
    [`${name}.partial`, { kind: 'partial', segment }],
    [`${name}.00000028.backup`, { kind: 'backup', segment, offset: 0x28 }],
    ['00000002.history', { kind: 'history', timeline: 2 }],
  ] as const) {
    expect(parseWalName(file, mb16)).toEqual(expected);
    expect(parseArchivedName(file, mb16)).toEqual({ ...expected, name: file, compression: null });
    for (const compression of ['gzip', 'zstd'] as const) {
      const stored = `${file}${walSuffix[compression]}`;
      expect(parseArchivedName(stored, mb16)).toEqual({ ...expected, name: file, compression });
    }
  }
});

test.for([
  'archive-wal.sh',
  '.partial',
  '000000020000000000000003.lz4',
  '000000020000000000000003.gz.zst',
  '000000020000000000000003.0000028.backup',
  '000000020000000000000003.01000000.backup',
  '000000020000000000000103.partial',
  '00000000.history',
  '2.history',
])('%s is no file of an archive', (name) => {
  expect(parseArchivedName(name, mb16)).toBeUndefined();
});

test('a history file is named after its timeline', () => {
  expect(historyName(10)).toBe('0000000A.history');
});
