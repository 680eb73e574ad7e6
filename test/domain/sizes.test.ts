import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatBytes, parseSizeHuman } from '../../src/domain/sizes.js';

const sizes = [
  ...[0, 1, 512, 1023, 1024, 1025, 1536, 4096, 10_137, 10_138, 10_240, 10_241, 524_288, 1_047_552, 1_048_575],
  ...[1_048_576, 1_048_577, 10_485_760, 148_897_792, 148_897_793, 1_073_741_823, 1_503_238_553, 5 * 2 ** 30],
];

describe('formatBytes', () => {
  test('prints what du -h prints', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-sizes-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const files = sizes.map((size) => {
      const file = join(folder, String(size));
      writeFileSync(file, '');
      truncateSync(file, size);
      return file;
    });
    const du = execFileSync('du', ['-h', '--apparent-size', ...files], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
    });
    const printed = du
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(sizes.map(formatBytes)).toEqual(printed);
  });

  test('is at most four characters and a unit, and never understates', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        const text = formatBytes(size);
        expect(text).toMatch(/^(\d{1,4}|\d\.\d[KMGTPE]|\d{2,4}[KMGTPE])$/);
        const parsed = parseSizeHuman(text) ?? Number.NaN;
        expect(parsed).toBeGreaterThanOrEqual(Math.floor(size * (1 - 1e-9)));
        expect(parsed).toBeLessThanOrEqual(size * 1.1 + 1);
      }),
    );
  });
});

test.each([
  ['142M', 148_897_792],
  ['1.4G', 1_503_238_554],
  ['1,4G', 1_503_238_554],
  ['512K', 524_288],
  ['0', 0],
  ['142 MB', 148_897_792],
  ['7MiB', 7_340_032],
  ['', undefined],
  ['many', undefined],
  ['-1M', undefined],
])('parseSizeHuman reads %j as %j', (text, bytes) => {
  expect(parseSizeHuman(text)).toBe(bytes);
});
