import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  artifactSuffix,
  decodeDatabaseName,
  encodeDatabaseName,
  formatTimestamp,
  fullBackupId,
  parseArtifactName,
  parseTimestamp,
} from '../../../src/domain/backup/names.js';

/** What PostgreSQL can name a database: 1 to 63 bytes of well-formed UTF-8 without NUL. */
const databaseName = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 63 }),
    fc.string({
      unit: fc.constantFrom('/', '%', '.', '-', '_', '2', 'F', '\n', '\u0085', 'full'),
      minLength: 1,
      maxLength: 63,
    }),
    fc.string({ unit: fc.constantFrom('a', '_full_', '20250301_120000', '.sql.gz', '.meta'), minLength: 1 }),
  )
  .filter((name) => Buffer.byteLength(name) <= 63 && !name.includes('\0') && name.length > 0);

const second = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));

describe('a database name in a file name', () => {
  test('is read back as it was', () => {
    fc.assert(
      fc.property(databaseName, (name) => {
        expect(decodeDatabaseName(encodeDatabaseName(name))).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  test('has nothing that leads out of a folder, hides, or passes for an option', () => {
    fc.assert(
      fc.property(databaseName, (name) => {
        const encoded = encodeDatabaseName(name);
        expect(encoded).not.toMatch(/[/\p{Cc}]/u);
        expect(encoded).not.toMatch(/^[.-]/);
      }),
      { numRuns: 2000 },
    );
  });

  test('tells two databases apart', () => {
    fc.assert(
      fc.property(databaseName, databaseName, (a, b) => {
        expect(encodeDatabaseName(a) === encodeDatabaseName(b)).toBe(a === b);
      }),
    );
  });

  test('fits a file name of 255 bytes, whatever file of the backup it is', () => {
    const widest = ['/'.repeat(63), '\u0085'.repeat(31), '%'.repeat(63), '-'.repeat(63)];
    fc.assert(
      fc.property(fc.oneof(databaseName, fc.constantFrom(...widest)), (name) => {
        const id = fullBackupId(name, '20250301_120000');
        expect(Buffer.byteLength(`.partial-removal-of-${id}-0.meta`)).toBeLessThan(255);
        expect(Buffer.byteLength(`${id}.globals.sql.gz`)).toBeLessThan(255);
      }),
    );
  });

  test.each([
    ['shop', 'shop'],
    ['ü"\'', 'ü"\''],
    ['../x', '%2E.%2Fx'],
    ['-Fp', '%2DFp'],
    ['100%', '100%25'],
    ['a\nb', 'a%0Ab'],
    ['a-b.c', 'a-b.c'],
  ])('%j becomes %j', (name, encoded) => {
    expect(encodeDatabaseName(name)).toBe(encoded);
  });

  test.each(['100%', 'a%zz', '%FF', '%2f'])('%j, which no encoding made, is left as it is', (name) => {
    expect(decodeDatabaseName(name)).toBe(name);
  });
});

describe('the file name of a full backup', () => {
  test('tells database, time and compression', () => {
    fc.assert(
      fc.property(
        databaseName,
        second,
        fc.constantFrom('gzip', 'zstd', 'lz4'),
        (database, date, compression) => {
          const timestamp = formatTimestamp(date);
          const id = fullBackupId(database, timestamp);
          const parsed = parseArtifactName(`${id}${artifactSuffix[compression]}`);
          expect(parsed).toEqual({ id, database, timestamp, compression });
          expect(parseTimestamp(timestamp)).toEqual(date);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    ...[
      'shop_full_20250301_120000',
      'shop_full_20250301_120000.meta',
      'shop_full_20250301_120000.globals.sql.gz',
    ],
    ...[
      '_full_20250301_120000.sql.gz',
      'shop_full_20250230_120000.sql.gz',
      'shop_full_20250301_240000.sql.gz',
    ],
    ...['a/shop_full_20250301_120000.sql.gz', '.partial-shop_full_20250301_120000.sql.gz', 'shop.sql.gz', ''],
    ...['shop_full_20250301_120000.sql.gz\n', 'shop_full_20250301_120000.sql.gz.aside'],
  ])('%j is none', (file) => {
    expect(parseArtifactName(file)).toBeUndefined();
  });
});
