import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMetadataDocument, writeMetadataDocument } from '../../src/repository/metadata-document.js';
import { sampleMetadata } from './support/publication.js';

const text = writeMetadataDocument(sampleMetadata({ globals: 'roles' }));

/** A `.meta` of a shell script. */
const nineFields = {
  backup_file: 'shop_full_20240115_020000.sql.gz',
  database: 'shop',
  timestamp: '20240115_020000',
  size_bytes: 148_897_792,
  size_human: '142M',
  duration_seconds: 12,
  pg_version: '14.10 (Debian 14.10-1.pgdg120+1)',
  checksum: 'a'.repeat(64),
  compression_level: 6,
};

const why = (document: string) => {
  const read = readMetadataDocument(document);
  return 'why' in read ? read.why : undefined;
};

describe('metadata of Holdfast', () => {
  test('is read as it was written', () => {
    expect(readMetadataDocument(text)).toEqual({ metadata: sampleMetadata({ globals: 'roles' }) });
  });

  test('is one flat JSON object whose fields are in snake case', () => {
    const fields = JSON.parse(text);
    for (const field of Object.keys(fields)) expect(field).toMatch(/^[a-z_]+$/);
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(nineFields)));
  });

  test('K1: any one byte flipped anywhere is found, or changes nothing', () => {
    const whole = readMetadataDocument(text);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (position, bits) => {
        const bytes = Buffer.from(text);
        bytes[position] = (bytes[position] ?? 0) ^ bits;
        const read = readMetadataDocument(bytes.toString());
        if (!('why' in read)) expect(coreOf(read)).toEqual(coreOf(whole));
      }),
      { numRuns: 3000 },
    );
  });

  test('K1: cut short anywhere, it is refused', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 3), (length) => {
        expect(why(text.slice(0, length))).toBeDefined();
      }),
    );
  });

  test.each([
    ['', 'it is empty'],
    ['\0\0\0', 'it is no JSON'],
    ['[]', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    ['{}', 'field backup_file'],
    [text.replace('"rows": 1', '"rows": 2'), 'metadata_checksum differs'],
    [JSON.stringify({ ...nineFields, format_version: 2 }), 'format_version 2 is unknown'],
    [JSON.stringify({ ...nineFields, format_version: 1 }), 'field cluster'],
  ])('%# is refused with the reason', (document, reason) => {
    expect(why(document)).toContain(reason);
  });

  test('laid out anew by another tool, it is still valid', () => {
    expect(why(JSON.stringify(JSON.parse(text)))).toBeUndefined();
  });
});

describe('OP-7: metadata of only nine fields', () => {
  test('is read as it is', () => {
    expect(readMetadataDocument(JSON.stringify(nineFields))).toEqual({ metadata: nineFields });
  });

  test('may have a byte order mark, CRLF, quoted numbers, upper-case hexadecimal and other keys', () => {
    const odd = { ...nineFields, size_bytes: '148897792', duration_seconds: '12', compression_level: '6' };
    const document = JSON.stringify({ ...odd, checksum: 'A'.repeat(64), host: 'db1' }, null, 2);
    const read = readMetadataDocument(`\uFEFF${document.replaceAll('\n', '\r\n')}\r\n`);
    expect(read).toEqual({ metadata: { ...nineFields, host: 'db1' } });
  });

  test.each(['/srv/postgres-backup/data/full/', 'data/full/'])('may name its file under %s', (folder) => {
    const written = { ...nineFields, backup_file: folder + nineFields.backup_file };
    expect(readMetadataDocument(JSON.stringify(written))).toEqual({ metadata: nineFields });
    const own = { ...sampleMetadata({ globals: 'roles' }), backup_file: written.backup_file };
    expect(readMetadataDocument(JSON.stringify(own))).toMatchObject({ metadata: own });
  });

  test.each(Object.keys(nineFields))('is refused without %s, naming the field', (field) => {
    expect(why(JSON.stringify({ ...nineFields, [field]: undefined }))).toContain(`field ${field}`);
  });

  test.each([{ checksum: 'abc' }, { size_bytes: -1 }, { size_bytes: 'many' }, { size_bytes: 1.5 }])(
    'is refused with %j',
    (wrong) => {
      expect(why(JSON.stringify({ ...nineFields, ...wrong }))).toContain(`field ${Object.keys(wrong)[0]}`);
    },
  );
});

/** The fields that Holdfast wrote; a flipped bit in the name of the checksum's own field leaves them whole. */
function coreOf(read: ReturnType<typeof readMetadataDocument>) {
  const metadata = 'metadata' in read ? read.metadata : {};
  const known = Object.keys(sampleMetadata({ globals: 'roles' }));
  return Object.fromEntries(Object.entries(metadata).filter(([field]) => known.includes(field)));
}
